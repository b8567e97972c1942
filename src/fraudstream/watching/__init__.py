"""Whoever watches the stream: the observer, which measures it in the ledger, and `fraudstream top`, which shows it."""
