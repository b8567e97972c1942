"""Simulated cardholders and the fraud done to them: seeded, endless, day by day."""
