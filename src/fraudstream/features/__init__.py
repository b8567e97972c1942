"""The one kernel: what is computed from a payment and its past, live and in training alike."""
