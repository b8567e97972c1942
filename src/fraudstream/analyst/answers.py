"""Questions that the stored past answers, put together: settings, adapters, and what is printed."""

import datetime as dt
import sys
import uuid

from rich.console import Console

from fraudstream.adapters.database.case_reader import PostgresCases
from fraudstream.adapters.database.scored_history import PostgresScoredHistory
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.analyst.backtest import Backtest, days_between
from fraudstream.analyst.backtest import backtest as run_backtest
from fraudstream.analyst.backtest_sheet import show as show_backtest
from fraudstream.analyst.contestants import champion, contestant
from fraudstream.analyst.explanation import Explanation
from fraudstream.analyst.explanation import explain as put_together
from fraudstream.analyst.explanation_page import show
from fraudstream.errors import ImpossibleRequest
from fraudstream.progress import Progress
from fraudstream.settings import DatabaseSettings, RegistrySettings

PLAIN_WIDTH = 120
"""Characters of a line where no terminal says how many it has."""


def explain(transaction_id: uuid.UUID, *, json_only: bool = False) -> Explanation:
    """Print everything about one payment; `holds` is what an exit status should say.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the database did not answer.
    """
    cases = PostgresCases(_database_url())
    explanation = put_together(cases.case(transaction_id), cases.artefact)
    if json_only:
        sys.stdout.write(f"{explanation.to_json()}\n")
    else:
        show(explanation, _console())
    return explanation


def backtest(version: str, *, first: dt.date | None, last: dt.date | None, json_only: bool = False) -> Backtest:
    """Take a model over the stored past, and print what its alerts would have been worth.

    Args:
        version: of a model that is or was here, or is registered.
        first: first day of the payments' own time, UTC; from the beginning if unset.
        last: last day, itself included.
        json_only: print one line of JSON.

    Raises:
        ConfigurationError: a setting is missing.
        ImpossibleRequest: nothing is stored for these days.
        ModelUnavailable: there is no such version, or it doesn't fit this program.
        TemporarilyUnavailable: database or registry did not answer.
    """
    days = days_between(first, last)
    with PostgresScoredHistory(_database_url()).snapshot() as history, Progress("payments scored again") as progress:
        model = contestant(history, version, lambda: MlflowRegistry(RegistrySettings.load()))
        beside = champion(history)
        result = run_backtest(
            history, model, beside.contestant, days, without_champion=beside.missing, report=progress.report
        )
    if not result.total.payments:
        raise ImpossibleRequest(
            f"no payment scored on feature catalogue {result.catalogue_version} is stored for these days"
        )
    if json_only:
        sys.stdout.write(f"{result.to_json()}\n")
    else:
        show_backtest(result, _console())
    return result


def _database_url() -> str:
    return DatabaseSettings.load().database_url.get_secret_value()


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console
