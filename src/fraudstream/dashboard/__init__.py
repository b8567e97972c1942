"""The analyst's page: alerts as they come, why, what to say of them, and who did what."""
