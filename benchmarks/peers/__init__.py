"""What a user would build instead, each with its documented best settings; every peer is a script of its own."""
