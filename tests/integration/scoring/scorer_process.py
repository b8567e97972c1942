"""`fraudstream score` on a topic of a test's own: `scorer_process.py TOPIC [--takeover|--standby]`."""

import sys
import threading

from fraudstream import logs
from fraudstream.errors import FraudstreamError
from fraudstream.scoring.main import ScorerSettings, Start, run_scorer
from fraudstream.settings import DatabaseSettings, KafkaSettings, ScoringSettings

STARTS = {"": Start.REFUSE, "--takeover": Start.TAKE_OVER, "--standby": Start.STAND_BY}

if __name__ == "__main__":
    logs.configure("scorer")
    settings = ScorerSettings(KafkaSettings.load(), DatabaseSettings.load(), ScoringSettings.load(), topic=sys.argv[1])
    try:
        run_scorer(settings, threading.Event(), start=STARTS["".join(sys.argv[2:])])
    except FraudstreamError as error:
        sys.exit(f"{type(error).__name__}: {error}")
