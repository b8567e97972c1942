"""Sends payments and labels, and keeps account of every one of them."""
