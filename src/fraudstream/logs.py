"""Structured logs: one line for each thing that happened, for people or for machines."""

import logging
import sys

import structlog

from fraudstream.settings import LogSettings


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
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[chosen.log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
