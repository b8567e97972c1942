"""The scorer: Spark reads the log, and each slice of it is scored and stored in one commit."""
