"""What the page's API says and takes, as it stands in `openapi.json`."""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from fraudstream.adapters.database.account_store import Standing
from fraudstream.adapters.database.alert_queue import AlertRow
from fraudstream.adapters.database.decision_book import AlertDecision
from fraudstream.ports.life_cycle import PastDeployment

LONGEST_NOTE = 1_000
Time = Annotated[dt.datetime, Field(description="UTC")]


class Said(BaseModel):
    """What comes back; frozen, and made from our own objects."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Trouble(Said):
    """Why a request was refused."""

    error: str


class Holder(Said):
    """Whose token this is."""

    name: str
    role: Standing
    expires_at: Time


class AlertDocument(Said):
    """One alert; `turn` and `status` are what a decision about it has to name as seen."""

    alert_id: uuid.UUID
    transaction_id: uuid.UUID
    customer: int
    merchant: int | None
    amount: float
    currency: str | None
    usual_amount: float | None = Field(description="the customer's mean amount before this payment")
    at_risk: float = Field(description="score times amount: what would be lost on average")
    event_time: Time
    raised_at: Time
    score: float
    threshold: float
    model_version: str
    reasons: list[str]
    status: str = Field(description="open, held, snoozed, confirmed or dismissed")
    turn: int = Field(description="how often people have decided about it")
    decided_by: str | None

    @classmethod
    def of(cls, row: AlertRow) -> "AlertDocument":
        """The document of a row of the queue."""
        same = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        renamed = {"customer": row.user_id, "merchant": row.merchant_id, "raised_at": row.created_at}
        return cls(**{**same, **renamed, "reasons": [reason.text for reason in row.reasons]})


class Alerts(Said):
    """Alerts, in the order asked for."""

    alerts: list[AlertDocument]


class DecisionDocument(Said):
    """A decision; `error` says that its label did not get out."""

    turn: int
    at: Time
    author: str
    outcome: str
    note: str
    until: dt.datetime | None
    error: str | None


class AlertCase(Said):
    """One alert with everything that people have decided about it, the newest first."""

    alert: AlertDocument
    decisions: list[DecisionDocument]

    @classmethod
    def of(cls, row: AlertRow, decisions: Sequence[AlertDecision]) -> "AlertCase":
        """The document of an alert and its decisions."""
        return cls(alert=AlertDocument.of(row), decisions=[DecisionDocument.model_validate(each) for each in decisions])


class DecisionWanted(BaseModel):
    """What a program decides; `turn` and `status` are the alert's as it saw it, so that nothing is decided blindly."""

    model_config = ConfigDict(extra="forbid", strict=True)

    outcome: Literal["fraud", "genuine", "snooze"]
    turn: Annotated[int, Field(ge=0, le=999_999_999)]
    status: Literal["open", "held", "snoozed", "confirmed", "dismissed"]
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    hours: Annotated[Literal[1, 4, 24, 72], Field(description="how long a snoozed alert sleeps")] = 1


class ModelDocument(Said):
    """A model that is or was at work."""

    model_name: str
    model_version: str
    digest: str
    threshold: float
    active: bool
    activated_at: Time
    reason: str

    @classmethod
    def of(cls, past: PastDeployment) -> "ModelDocument":
        """The document of a deployment."""
        its = past.deployment
        return cls(
            model_name=past.model_name,
            model_version=its.model_version,
            digest=its.digest,
            threshold=its.threshold,
            active=past.active,
            activated_at=past.activated_at,
            reason=past.reason,
        )


class Models(Said):
    """The models that were put to work, the newest first."""

    models: list[ModelDocument]


class StreamDocument(Said):
    """How the stream is; `unaccounted` records are neither scored, nor in quarantine, nor repeats."""

    scored: int
    quarantined: int
    repeats: int
    rate_10s: float
    rate_60s: float
    unsent: int
    held: int
    unaccounted: int


class AuditDocument(Said):
    """One thing that somebody did."""

    at: Time
    account: str
    address: str
    action: str
    about: str
    detail: str


class AuditLines(Said):
    """What was done last, the newest first."""

    lines: list[AuditDocument]
