"""Looking for card numbers where there must be none."""
