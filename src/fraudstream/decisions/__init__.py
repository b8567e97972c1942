"""What a score leads to: the alert rule, its threshold, and the reasons an analyst reads."""
