"""Committed scores, copied to a table where others look them up by id."""
