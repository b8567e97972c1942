"""Records the notifications that reach the subscriber's queue, until SIGTERM."""

from fraudstream.alerting.main import inbox

if __name__ == "__main__":
    inbox()
