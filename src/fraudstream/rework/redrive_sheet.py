"""Parked alerts for people: masked, a hundred columns wide."""

import datetime as dt
from collections.abc import Sequence

from fraudstream.rework.masking import LINE, shown
from fraudstream.rework.redrive import Parked, Standing, counted, named
from fraudstream.rework.sheet import moment, replay_lines, table, tried


def list_lines(parked: Sequence[Parked], *, last: int) -> list[str]:
    """How many are parked and what is to be done about them, and the newest `last` of them."""
    if not parked:
        return ["Nothing is parked."]
    counts = [f"{count:,} {standing}" for standing, count in counted(parked).items() if count]
    noun = "record is" if len(parked) == 1 else "records are"
    lines = [f"{len(parked):,} {noun} parked: {', '.join(counts)}."]
    newest = sorted(parked, key=lambda item: item.parked_at, reverse=True)[:last]
    if not newest:
        return lines
    rows = [(named(item), _when(item), _reason(item), tried(item.replays), item.standing.value) for item in newest]
    header, *places = table(("record", "parked", "reason", "sent again", "standing"), rows)
    lines += ["", header]
    for place, item in zip(places, newest, strict=True):
        lines += [place, *(f"    {text}".rstrip() for text in _content(item))]
    if any(item.standing in {Standing.WAITS, Standing.UNKNOWN} for item in parked):
        lines += ["", "`fraudstream redrive replay RECORD --because WHY` sends one back, --all all that wait."]
    return lines


def show_lines(parked: Parked) -> list[str]:
    """One parked record and every time it was sent again."""
    return [
        f"{named(parked)}  parked {_when(parked)} UTC, {parked.standing}",
        *(f"    {text}".rstrip() for text in _content(parked)),
        *replay_lines(parked.replays),
    ]


def _when(item: Parked) -> str:
    return moment(dt.datetime.fromtimestamp(item.parked_at, dt.UTC))


def _reason(item: Parked) -> str:
    return "unreadable" if item.record is None else item.record.reason


def _content(item: Parked) -> list[str]:
    detail = "" if item.record is None else shown(item.record.detail.encode(), most=LINE)
    if item.alert is None:
        what = "(its bytes are gone)" if item.value is None else shown(item.value, most=LINE)
    else:
        alert = item.alert
        what = f"alert {alert.alert_id}  score {alert.score:.3f}  {alert.amount:,.2f}  customer {alert.user_id}"
    return [text for text in (detail, what) if text]
