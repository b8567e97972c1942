"""The shapes that cross a process boundary, each defined once."""
