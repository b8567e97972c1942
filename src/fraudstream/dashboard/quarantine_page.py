"""Records that could not be scored: why, what they hold (masked), and sending them again."""

from fastapi import APIRouter, Request, Response

from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.dashboard.asking import clean
from fraudstream.dashboard.doors import Admin, Viewer
from fraudstream.dashboard.rendering import page, told
from fraudstream.errors import ImpossibleRequest
from fraudstream.rework.masking import shown
from fraudstream.rework.places import read_place, written
from fraudstream.rework.quarantine import WORDS, Repair
from fraudstream.rework.sending import Order

MOST = 100
FIELDS = 5
"""Fields one repair may set."""
PATIENCE = 3.0
"""Seconds the page waits for what became of a record."""
SHORTEST_REASON = 5

router = APIRouter(include_in_schema=False)


@router.get("/quarantine")
def quarantine(request: Request, visitor: Viewer) -> Response:
    """What is there, for one reason or all."""
    work = visitor.parts.quarantine
    reason = clean(request.query_params.get("reason", ""))[:80] or None
    found = [
        {
            "place": written(worked.entry.place),
            "entry": worked.entry,
            "raw": shown(worked.entry.raw, most=400),
            "detail": shown(worked.entry.detail.encode(), most=300),
            "replays": len(worked.replays),
            "fate": None if worked.fate is None else WORDS[worked.fate],
        }
        for worked in work.newest(MOST, reason)
    ]
    return page("quarantine.html", visitor, counts=work.counts(), found=found, reason=reason)


@router.post("/quarantine/replay")
def replay(visitor: Admin) -> Response:
    """Send one record again, mended or not."""
    form, work = visitor.form, visitor.parts.quarantine
    place, because = form.one("place", longest=200), form.one("reason")
    if len(because) < SHORTEST_REASON:
        raise ImpossibleRequest(f"give a reason of at least {SHORTEST_REASON} characters: it stands in the book")
    worked = work.find(read_place(place, TRANSACTIONS))
    repair = Repair(fields=_changes(form.one("changes")))
    order = Order(visitor.name, because)
    with visitor.parts.resender() as resender:
        sent = work.replay(worked, repair, order, resender)
    visitor.note("sent a record again", place, f"{because} ({repair.name or 'unchanged'})")
    fate = work.follow(sent, patience=PATIENCE)
    return told(f"{place}: sent to {written(sent)}; it {WORDS[fate]}", good=True)


def _changes(text: str) -> dict[str, str]:
    """`name=value` lines."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > FIELDS or any("=" not in line for line in lines):
        raise ImpossibleRequest(f"write up to {FIELDS} lines of name=value, or nothing to send it as it is")
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}
