"""Aligned columns, and the words that are the same for every record which is sent again."""

import datetime as dt
from collections.abc import Sequence

from fraudstream.ports.replays import MOST_ATTEMPTS, Replay
from fraudstream.rework.places import written

MOMENT = "%Y-%m-%d %H:%M:%S"
_GAP = "  "


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset()) -> list[str]:
    """Lines of aligned columns under their names; the columns `right` are aligned to the right."""
    widths = [max(len(line[column]) for line in (header, *rows)) for column in range(len(header))]
    return [
        _GAP.join(
            text.rjust(width) if column in right else text.ljust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (header, *rows)
    ]


def moment(time: dt.datetime) -> str:
    """A time as people read it, in UTC."""
    return f"{time.astimezone(dt.UTC):{MOMENT}}"


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Names and values below each other."""
    width = max(len(name) for name, _ in pairs)
    return [f"{name.ljust(width)}{_GAP}{value}" for name, value in pairs]


def tried(replays: Sequence[Replay]) -> str:
    """How often it was sent again, of how often it may be."""
    return f"{len(replays)} of {MOST_ATTEMPTS}"


def replay_lines(replays: Sequence[Replay]) -> list[str]:
    """Each replay with who, when, why and where to."""
    lines: list[str] = []
    for replay in replays:
        request = replay.request
        lines += [
            f"replay {request.attempt}  {moment(replay.at)}  by {request.author} as {replay.role}: {request.reason}",
            f"    changed: {request.repair or 'nothing'}; {_place(replay)}",
        ]
    return lines


def _place(replay: Replay) -> str:
    if replay.sent is not None:
        return f"sent to {written(replay.sent)}"
    if replay.error is not None:
        return f"not taken: {replay.error}"
    return "nobody knows whether it was sent; sending it again does no harm"
