"""Live quality: what alerts are worth as labels arrive, and whether payments still look as they did."""
