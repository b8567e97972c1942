"""Payments out of a user's own table: columns to fields, rows to payments, card numbers to tokens."""
