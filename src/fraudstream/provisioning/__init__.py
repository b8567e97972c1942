"""What must exist before the apps start, created where it is missing."""
