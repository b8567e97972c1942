"""Faults on purpose: the whole stack under load, its parts killed and stalled, and a balance at the end."""
