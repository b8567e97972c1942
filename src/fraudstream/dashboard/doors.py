"""Who asks, whether they may, and whether the form is one of ours."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import Depends, Request

from fraudstream.adapters.database.account_store import Session, Standing
from fraudstream.analyst.guard import OWN_NAMES, host_name
from fraudstream.dashboard.access import digest_of
from fraudstream.dashboard.asking import Form
from fraudstream.dashboard.parts import Parts

COOKIE = "fraudstream_session"
LONGEST_ADDRESS = 500
FORM = "application/x-www-form-urlencoded"


class NotSignedIn(Exception):  # noqa: N818 - what it says
    """Sign in first, then come back to `wanted`."""

    def __init__(self, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted


class Refused(Exception):  # noqa: N818 - what it says
    """Whoever asks may not do this; the sentence says what would be needed."""


@dataclass(frozen=True)
class Visitor:
    """Somebody who is signed in, and what they have sent."""

    session: Session
    address: str
    form: Form
    parts: Parts

    @property
    def name(self) -> str:
        """Their account's name."""
        return self.session.account.name

    def may(self, standing: str) -> bool:
        """Whether they may do what takes this standing."""
        return self.session.account.standing.covers(Standing(standing))

    def note(self, action: str, about: str = "", detail: str = "") -> None:
        """Write down what they did."""
        self.parts.accounts.note(self.name, self.address, action, about, detail)


def parts_of_request(request: Request) -> Parts:
    """The parts the application was made with."""
    found: Parts = request.app.state.parts
    return found


async def form_of(request: Request) -> Form:
    """The form of a request that has one, and comes from a page of ours."""
    if request.method != "POST":
        return Form()
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Refused("this form comes from another site")
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refused("this form comes from another site")
    if not request.headers.get("content-type", "").startswith(FORM):
        return Form()
    return Form.read(await request.body())


async def content_of(request: Request) -> bytes:
    """The body of a request that is a file."""
    return await request.body()


OurForm = Annotated[Form, Depends(form_of)]
Content = Annotated[bytes, Depends(content_of)]
OurParts = Annotated[Parts, Depends(parts_of_request)]


def admitted(wanted: Standing, *, renewing: bool = True, one_time: bool = False) -> Callable[..., Visitor]:
    """A dependency: whoever is signed in and may do this; a form must hold the session's own token.

    Args:
        wanted: the least standing.
        renewing: whether the session's idle time begins again; not for what a page asks by itself.
        one_time: whether somebody may come in who has still to choose a password.
    """

    def visitor(request: Request, form: OurForm, parts: OurParts) -> Visitor:
        token = request.cookies.get(COOKIE, "")
        by_itself = request.headers.get("x-by-itself") == "1"
        session = parts.accounts.session(digest_of(token), renewing=renewing and not by_itself) if token else None
        if session is None:
            raise NotSignedIn(_local(request))
        if session.account.one_time and not one_time:
            raise NotSignedIn("/password")
        sent = request.headers.get("x-form-token") or form.one("form_token", longest=100)
        if request.method == "POST" and not hmac.compare_digest(sent.encode(), session.form_token.encode()):
            raise Refused("this form is of another session; load the page again")
        if not session.account.standing.covers(wanted):
            raise Refused(f"this takes the role {wanted.value}; yours is {session.account.standing.value}")
        return Visitor(session, address_of(request), form, parts)

    return visitor


Viewer = Annotated[Visitor, Depends(admitted(Standing.VIEWER))]
Analyst = Annotated[Visitor, Depends(admitted(Standing.ANALYST))]
Admin = Annotated[Visitor, Depends(admitted(Standing.ADMIN))]
Listener = Annotated[Visitor, Depends(admitted(Standing.VIEWER, renewing=False))]
Newcomer = Annotated[Visitor, Depends(admitted(Standing.VIEWER, one_time=True))]


def address_of(request: Request) -> str:
    """Where a request comes from, for the audit log."""
    return request.client.host if request.client else "unknown"


def needs_tls(request: Request) -> bool:
    """Whether a cookie may travel over TLS alone: wherever the request has not stayed on this machine."""
    return host_name(request.headers.get("host", "")) not in OWN_NAMES


def sign_in_address(wanted: str) -> str:
    """Where to sign in, and come back from."""
    return f"/sign-in?next={quote(safe_next(wanted), safe='')}"


def safe_next(wanted: str) -> str:
    """An address of this page, whatever was asked for."""
    fine = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and len(wanted) <= LONGEST_ADDRESS
    return wanted if fine and wanted.isprintable() else "/"


def _local(request: Request) -> str:
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
