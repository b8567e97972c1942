"""Scores on request: what the stream would say of a payment if it came next; nothing is written."""
