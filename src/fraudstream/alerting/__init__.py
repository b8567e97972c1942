"""The way of an alert: outbox, topic, function, notification, and the subscriber that witnesses it."""
