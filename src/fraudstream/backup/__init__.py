"""Copies of the database to go back to, of one moment each, without any program of PostgreSQL's own."""
