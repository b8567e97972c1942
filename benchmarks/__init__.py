"""Measurements of the whole path on real parts, each a command: `python -m benchmarks --help`."""
