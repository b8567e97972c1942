"""The embedded stack: real servers on loopback, started, supervised and stopped by one process, without Docker."""
