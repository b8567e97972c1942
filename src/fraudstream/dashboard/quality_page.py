"""What alerts were worth, by the day of the payments and as labels told: as live quality has stored it."""

import contextlib
import datetime as dt
from itertools import groupby

import msgspec
from fastapi import APIRouter, Response

from fraudstream.dashboard.doors import Viewer, Visitor
from fraudstream.dashboard.rendering import page
from fraudstream.features.stability import CHANGED, SHIFTED
from fraudstream.ports.quality import DayQuality, FeatureDrift

DAYS = 60
"""Days before the newest that are looked at."""
EVER = dt.date(1970, 1, 1), dt.date(9999, 12, 31)

router = APIRouter(include_in_schema=False)


@router.get("/quality")
def quality(visitor: Viewer) -> Response:
    """Precision, recall, calibration and drift."""
    days, drift = _stored(visitor)
    bins = visitor.parts.calibration.bins()
    newest = max((row.day for row in drift), default=None)
    moved = sorted((row for row in drift if row.day == newest), key=lambda row: -row.psi)[:15]
    return page(
        "quality.html",
        visitor,
        days=days[::-1],
        bins=bins,
        moved=moved,
        newest=newest,
        shifted=SHIFTED,
        changed=CHANGED,
    )


@router.get("/quality.json")
def figures(visitor: Viewer) -> Response:
    """The same for the charts."""
    days, _ = _stored(visitor)
    told = [
        {"day": row.day, "model": row.model_version, "precision": row.precision, "recall": row.recall} for row in days
    ]
    content = {"days": told, "bins": visitor.parts.calibration.bins()}
    return Response(msgspec.json.encode(content), media_type="application/json")


def _stored(visitor: Visitor) -> tuple[list[DayQuality], list[FeatureDrift]]:
    """Of each day and version what is known last, for the newest days; and their drift."""
    with contextlib.closing(visitor.parts.quality()) as store:
        cohorts = sorted(store.stored_quality(*EVER), key=lambda row: (row.day, row.model_version, row.as_known_on))
        drift = list(store.stored_drift(*EVER))
    known = [list(rows)[-1] for _, rows in groupby(cohorts, key=lambda row: (row.day, row.model_version))]
    return known[-DAYS:], drift
