"""The stacks, each a function that fills one and returns what others need of it."""
