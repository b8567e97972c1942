"""Feeds the alert function from its topic, as AWS's event source mapping does, until SIGTERM."""

from pathlib import Path

from fraudstream.alerting.main import trigger

if __name__ == "__main__":
    trigger(Path(__file__).resolve().parent.parent / "alert_lambda")
