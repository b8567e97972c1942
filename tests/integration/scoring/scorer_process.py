"""`fraudstream score` on a topic of a test's own: `scorer_process.py TOPIC [--takeover]`."""

import sys
import threading

from fraudstream import logs
from fraudstream.errors import FraudstreamError
from fraudstream.scoring.main import ScorerSettings, run_scorer
from fraudstream.settings import DatabaseSettings, KafkaSettings, ScoringSettings

if __name__ == "__main__":
    logs.configure("scorer")
    settings = ScorerSettings(KafkaSettings.load(), DatabaseSettings.load(), ScoringSettings.load(), topic=sys.argv[1])
    try:
        run_scorer(settings, threading.Event(), takeover="--takeover" in sys.argv)
    except FraudstreamError as error:
        sys.exit(f"{type(error).__name__}: {error}")
