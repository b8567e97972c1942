"""Tokens for machines, on the page: for admins."""

import datetime as dt

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from fraudstream.adapters.database.account_store import Standing
from fraudstream.dashboard.api_tokens import LONGEST_DAYS, USUAL_DAYS
from fraudstream.dashboard.audit_page import standing_of
from fraudstream.dashboard.doors import Admin, Visitor
from fraudstream.dashboard.rendering import page

router = APIRouter(include_in_schema=False)


@router.get("/tokens")
def tokens(visitor: Admin) -> Response:
    """Every token there ever was, and a form for another."""
    return _tokens(visitor)


@router.post("/tokens")
def make(visitor: Admin) -> Response:
    """A new token; it is on this one answer and nowhere else."""
    name, standing, days = visitor.form.one("name"), standing_of(visitor), visitor.form.one("days", longest=4)
    lasts = int(days) if days.isascii() and days.isdigit() else 0
    token = visitor.parts.tokens.make(name, standing, lasts, by=visitor.name, address=visitor.address)
    return _tokens(visitor, told_of=name, token=token)


@router.post("/tokens/revoke")
def revoke(visitor: Admin) -> Response:
    """Withdraw one."""
    visitor.parts.tokens.revoke(visitor.form.one("name"), by=visitor.name, address=visitor.address)
    return RedirectResponse("/tokens", 303)


def _tokens(visitor: Visitor, *, told_of: str = "", token: str = "") -> Response:
    now = dt.datetime.fromtimestamp(visitor.parts.clock.now(), dt.UTC)
    return page(
        "tokens.html",
        visitor,
        tokens=[(each, each.state(now)) for each in visitor.parts.tokens.store.everything()],
        standings=list(Standing),
        usual=USUAL_DAYS,
        longest=LONGEST_DAYS,
        told_of=told_of,
        token=token,
    )
