"""Proof on a running stack: the journal, the log, what was stored, and what should have been, held together."""
