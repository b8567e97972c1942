"""What people ask for, read from an address or a form: anything may stand there, and only sense comes out."""

import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import parse_qs, urlencode

from fraudstream.adapters.database.alert_queue import MOST, Order, State, Wanted

LONGEST_NOTE = 1_000
LONGEST_SEARCH = 80
LARGEST_NUMBER = 2**63 - 1
FIELDS = 600
"""Fields one form may have."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NAMED = re.compile(r"(customer|merchant)\s*[:=]?\s*(\d{1,19})", re.IGNORECASE)
SEVERITIES: Mapping[str, tuple[float, float]] = {
    "high": (500.0, math.inf),
    "medium": (100.0, 500.0),
    "low": (0.0, 100.0),
}
"""What would be lost on average (score times amount), from and below."""
STEPS = (100, 300, MOST)
"""Rows a list may have."""


def severity(at_risk: float) -> str:
    """The word for what would be lost."""
    return next(name for name, (low, high) in SEVERITIES.items() if low <= at_risk < high or name == "low")


@dataclass(frozen=True)
class Form:
    """The fields of a form, each cleaned of what is no text."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes) -> "Form":
        """Fields of `application/x-www-form-urlencoded`; what is none has no fields."""
        try:
            found = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS)
        except ValueError:
            return cls()
        return cls({clean(name): [clean(value) for value in values] for name, values in found.items()})

    def one(self, name: str, *, longest: int = LONGEST_NOTE) -> str:
        """The last value of a field, cut off; empty if it is not there."""
        values = self.fields.get(name, ())
        return values[-1].strip()[:longest] if values else ""

    def all(self, name: str) -> Sequence[str]:
        """Every value of a field."""
        return self.fields.get(name, ())


def clean(text: str) -> str:
    """The text without characters that no database and no page wants."""
    return _CONTROL.sub("", text)


@dataclass(frozen=True)
class Filters:
    """What the address of the queue says, cleaned; `wanted` is the question it makes."""

    search: str = ""
    state: State = "open"
    severity: str = ""
    least: str = ""
    order: Order = "newest"
    show: int = STEPS[0]

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "Filters":
        """Whatever makes no sense counts as not given."""
        state, order = given.get("state", ""), given.get("order", "")
        least = number(given.get("least", ""))
        return cls(
            search=clean(given.get("q", "")).strip()[:LONGEST_SEARCH],
            state=state if state in get_args(State) else "open",  # type: ignore[arg-type]
            severity=given.get("severity", "") if given.get("severity") in SEVERITIES else "",
            least="" if least is None else f"{least:g}",
            order=order if order in get_args(Order) else "newest",  # type: ignore[arg-type]
            show=next((step for step in STEPS if str(step) == given.get("show")), STEPS[0]),
        )

    def address(self, **changes: str | int) -> str:
        """The query of an address that says the same, but for these changes; what is usual is left out."""
        usual = Filters()
        said = {"q": self.search, "state": self.state, "severity": self.severity, "least": self.least}
        said |= {"order": self.order, "show": str(self.show)} | {name: str(value) for name, value in changes.items()}
        left_out = {"q": "", "state": usual.state, "severity": "", "least": "", "order": usual.order}
        left_out["show"] = str(usual.show)
        return urlencode({name: value for name, value in said.items() if value != left_out.get(name)})

    @property
    def wanted(self) -> Wanted | None:
        """The question; nothing if what is looked for can be no alert."""
        named, customer, merchant, either = None, None, None, None
        if self.search:
            kind = _NAMED.fullmatch(self.search)
            if kind and int(kind[2]) <= LARGEST_NUMBER:
                customer = int(kind[2]) if kind[1].lower() == "customer" else None
                merchant = int(kind[2]) if customer is None else None
            elif re.fullmatch(r"\d{1,19}", self.search, re.ASCII) and int(self.search) <= LARGEST_NUMBER:
                either = int(self.search)
            elif (named := identifier(self.search)) is None:
                return None
        return Wanted(
            state="all" if named else self.state,
            order=self.order,
            named=named,
            customer=customer,
            merchant=merchant,
            either=either,
            least_amount=number(self.least),
            at_risk=SEVERITIES.get(self.severity),
            most=self.show,
        )


def number(text: str) -> float | None:
    """A number that is one, and not below 0."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def identifier(text: str) -> uuid.UUID | None:
    """A UUID in any of its spellings."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
