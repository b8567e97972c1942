"""Structured logs: one line for each thing that happened, for people or for machines, and nothing of a person in it.

A line about one payment names it by `transaction_id`, or by its place in the log. Who paid, with what and how much
is in the database, behind its rights: names in `PERSONAL` are blanked wherever they come from, and numbers that look
like a card's are masked in every text.
"""

import logging
import sys

import structlog
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from fraudstream.masking import masked_text
from fraudstream.settings import LogSettings

PERSONAL = frozenset(
    {
        "user_id",
        "customer",
        "card",
        "card_number",
        "device_id",
        "amount",
        "location",
        "email",
        "ip",
        "raw",
        "value",
        "body",
    }
)
"""Names that a line may not have: a test looks for them in the program, and what has one all the same is blanked."""
SECRET = frozenset({"password", "token", "secret", "api_token", "authorization"})
BLANK = "***"


def configure(process: str, settings: LogSettings | None = None) -> None:
    """Set up logging for one process; every line carries its name. Standard error, never standard output."""
    chosen = settings or LogSettings.load()
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if chosen.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _error_on_one_line,
            without_personal_data,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[chosen.log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    set_on_retry_hooks([_tell_of_retry])


def beside_the_answer() -> None:
    """Send what a command logs to standard error: its standard output is the answer, which may be bytes or JSON.

    A process that is set up already stays as it is.
    """
    if not structlog.is_configured():
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))
        set_on_retry_hooks([_tell_of_retry])


def _error_on_one_line(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Servers break their sentences where they like."""
    if isinstance(error := event.get("error"), str):
        event["error"] = " ".join(error.split())
    return event


def without_personal_data(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """What a line may not tell is blanked, whoever wrote it: words of servers, too."""
    for name, value in event.items():
        event[name] = BLANK if name in PERSONAL | SECRET else _masked(value)
    return event


def _masked(value: object) -> object:
    if isinstance(value, str):
        return masked_text(value)
    if isinstance(value, list | tuple):
        return [_masked(each) for each in value]
    if isinstance(value, dict):
        return {name: BLANK if name in PERSONAL | SECRET else _masked(each) for name, each in value.items()}
    return value


def _tell_of_retry(details: RetryDetails) -> None:
    """The line that every loop of ours writes; the names and arguments of calls say nothing to whoever reads it."""
    structlog.get_logger().warning(
        "trying again", error=str(details.caused_by), failures=details.retry_num, in_seconds=round(details.wait_for, 1)
    )
