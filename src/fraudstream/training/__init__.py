"""From simulated history to a registered model version, and from there to the active deployment."""
