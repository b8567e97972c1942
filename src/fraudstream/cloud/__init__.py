"""What is on AWS, or on an emulator of it: as whom and where, and whether all of it fits together."""
