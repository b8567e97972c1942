"""Verification as a command, on any running stack."""

import sys

from rich.console import Console

from fraudstream import logs
from fraudstream.adapters.database.ledger_reader import PostgresLedger
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.progress import Progress, Report, unreported
from fraudstream.settings import DatabaseSettings, KafkaSettings, ProducerSettings, ScoringSettings
from fraudstream.verify.report import Balance
from fraudstream.verify.sheet import show
from fraudstream.verify.verification import Verification

WAIT_SECONDS = 30.0


def verify(
    *, seed: int = 0, wait_seconds: float = WAIT_SECONDS, json_only: bool = False, parity: bool = False
) -> Balance:
    """Verify the stack of the environment and print the result.

    Args:
        seed: chooses the customers whose scores are recomputed.
        wait_seconds: how long to wait, all together, for what is in flight when this begins; longer for notifications
            that keep arriving, which is told on standard error.
        parity: recompute every customer instead of a sample, and tell on standard error how far that is.
        json_only: print the line of JSON alone; otherwise it is the last line, after the sheet, marked `VERIFY`.

    Returns:
        The balance; `holds` is what an exit status should say.

    Raises:
        ConfigurationError: a setting is missing, or the topic does not exist.
        ModelUnavailable: a model that scores were given by is not stored, or is of another feature catalogue.
        TemporarilyUnavailable: broker or database did not answer.
    """
    logs.beside_the_answer()
    with Progress("verifying") as progress:
        report = progress.of("scores recomputed") if parity else unreported
        balance = _verification(report, progress.of("alerts notified or held")).run(
            seed=seed, wait_seconds=wait_seconds, parity=parity
        )
    if json_only:
        sys.stdout.write(f"{balance.to_json()}\n")
    else:
        show(balance, Console())
        sys.stdout.write(f"VERIFY {balance.to_json()}\n")
    sys.stdout.flush()
    return balance


def _verification(report: Report, told: Report) -> Verification:
    return Verification(
        topic=TRANSACTIONS,
        ledger=PostgresLedger(DatabaseSettings.load().database_url.get_secret_value()),
        reader=KafkaAdmin(KafkaSettings.load()),
        clock=SystemClock(),
        journal_dir=ProducerSettings.load().journal_dir,
        max_future=ScoringSettings.load().max_future.total_seconds(),
        report=report,
        told=told,
    )
