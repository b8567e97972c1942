"""Who did what, and who may do what: for admins."""

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from fraudstream.adapters.database.account_store import Account, Standing
from fraudstream.dashboard.doors import Admin, Visitor
from fraudstream.dashboard.rendering import page
from fraudstream.errors import ImpossibleRequest

MOST = 300

router = APIRouter(include_in_schema=False)


@router.get("/audit")
def audit(visitor: Admin) -> Response:
    """The newest lines."""
    return page("audit.html", visitor, lines=visitor.parts.accounts.lines(MOST))


@router.get("/accounts")
def accounts(visitor: Admin) -> Response:
    """Everybody."""
    return _accounts(visitor)


@router.post("/accounts")
def add(visitor: Admin) -> Response:
    """A new account; its one-time secret is on this one answer and nowhere else."""
    name, standing = visitor.form.one("name"), standing_of(visitor)
    secret = visitor.parts.access.new_account(name, standing)
    visitor.note("made an account", name, standing.value)
    return _accounts(visitor, told_of=name, secret=secret)


@router.post("/accounts/secret")
def renew(visitor: Admin) -> Response:
    """A new one-time secret for somebody."""
    account = _named(visitor)
    secret = visitor.parts.access.new_secret(account.name)
    visitor.note("gave a new secret", account.name)
    return _accounts(visitor, told_of=account.name, secret=secret)


@router.post("/accounts/standing")
def change(visitor: Admin) -> Response:
    """Another role for somebody, or none."""
    account, standing = _named(visitor), standing_of(visitor)
    if account.name == visitor.name:
        raise ImpossibleRequest("another admin has to change your own role")
    disabled = visitor.form.one("disabled") == "1"
    visitor.parts.accounts.set_standing(account, standing, disabled=disabled)
    visitor.note("changed an account", account.name, "disabled" if disabled else standing.value)
    return RedirectResponse("/accounts", 303)


def _accounts(visitor: Visitor, *, told_of: str = "", secret: str = "") -> Response:
    everybody = visitor.parts.accounts.everybody()
    return page("accounts.html", visitor, everybody=everybody, standings=list(Standing), told_of=told_of, secret=secret)


def standing_of(visitor: Visitor) -> Standing:
    """The role that a form names.

    Raises:
        ImpossibleRequest: there is no such role.
    """
    try:
        return Standing(visitor.form.one("role"))
    except ValueError as error:
        raise ImpossibleRequest("a role is viewer, analyst or admin") from error


def _named(visitor: Visitor) -> Account:
    account = visitor.parts.accounts.find(visitor.form.one("name"))
    if account is None:
        raise ImpossibleRequest("there is no such account; load the page again")
    return account
