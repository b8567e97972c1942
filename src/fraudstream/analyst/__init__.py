"""Answers on demand and feedback by people: labels, explanations, backtests, and the same over HTTP."""
