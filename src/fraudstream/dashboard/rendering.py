"""Templates: everything that is shown is escaped, and numbers and times look the same on every page."""

import datetime as dt
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from fraudstream import __version__
from fraudstream.dashboard.asking import severity
from fraudstream.dashboard.doors import Visitor

FOLDER = Path(__file__).parent
DASH = "–"  # noqa: RUF001 - a dash for nothing
_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def money(value: float | None) -> str:
    """An amount with two decimals."""
    return DASH if value is None else f"{value:,.2f}"


def percent(value: float | None) -> str:
    """A share in percent."""
    return DASH if value is None else f"{value:.1%}"


def moment(value: dt.datetime | None) -> str:
    """A time in UTC, to the second."""
    return DASH if value is None else f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}"


def age(value: dt.datetime) -> str:
    """How long ago something was."""
    seconds = max(0.0, (dt.datetime.now(dt.UTC) - value).total_seconds())
    return next((f"{seconds / span:.0f} {unit}" for span, unit in _SPANS if seconds >= span), f"{seconds:.0f} s")


def number(value: float | None) -> str:
    """A number with four digits that mean something."""
    return DASH if value is None else f"{value:,.4g}"


def environment() -> Environment:
    """The templates of this package."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"money": money, "percent": percent, "moment": moment, "age": age, "number": number}
    made.filters |= {"severity": severity}
    made.globals |= {"version": __version__, "visitor": None, "form_token": ""}
    return made


_environment = environment()


def page(template: str, visitor: Visitor | None, *, status: int = 200, **values: object) -> Response:
    """A whole page, or a part of one."""
    if visitor is not None:
        values |= {"visitor": visitor, "form_token": visitor.session.form_token}
    return HTMLResponse(_environment.get_template(template).render(**values), status, {"Cache-Control": "no-store"})


def is_part(request: Request) -> bool:
    """Whether a page's own script asks, which wants no whole page."""
    return request.headers.get("hx-request") == "true"


def told(sentence: str, *, good: bool = False, status: int = 200, refresh: bool = False) -> Response:
    """A sentence for the notice of the page that asked."""
    headers = {"HX-Trigger": "marked", "HX-Retarget": "#notice", "HX-Reswap": "innerHTML"}
    content = _environment.get_template("notice.html").render(sentence=sentence, good=good)
    if not refresh:
        headers.pop("HX-Trigger")
    return HTMLResponse(content, status, headers)
