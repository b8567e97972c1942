"""Publishes committed alerts, quarantine records and labels to their topics, until SIGTERM."""

from fraudstream.alerting.main import relay

if __name__ == "__main__":
    relay()
