"""Signing in and out, and choosing a password."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from fraudstream.dashboard.access import SHORTEST_PASSWORD, SignInRefused, digest_of
from fraudstream.dashboard.doors import (
    COOKIE,
    Newcomer,
    OurForm,
    OurParts,
    address_of,
    needs_tls,
    safe_next,
)
from fraudstream.dashboard.rendering import page
from fraudstream.errors import ImpossibleRequest

router = APIRouter(include_in_schema=False)


@router.get("/health")
def health() -> dict[str, str]:
    """Say that the page answers."""
    return {"status": "ok"}


@router.get("/sign-in")
def sign_in_page(next: str = "/") -> Response:  # noqa: A002 - the name in the address
    """The form."""
    return page("sign_in.html", None, wanted=safe_next(next), sentence="")


@router.post("/sign-in")
def sign_in(request: Request, form: OurForm, parts: OurParts) -> Response:
    """Let somebody in, or say why not."""
    wanted = safe_next(form.one("next"))
    try:
        account, token = parts.access.sign_in(form.one("name"), form.one("password"), address_of(request))
    except SignInRefused as error:
        return page("sign_in.html", None, status=error.status, wanted=wanted, sentence=str(error))
    answer = RedirectResponse("/password" if account.one_time else wanted, 303)
    answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=needs_tls(request), path="/")
    return answer


@router.post("/sign-out")
def sign_out(request: Request, visitor: Newcomer) -> Response:
    """End the session."""
    visitor.parts.accounts.end_session(digest_of(request.cookies[COOKIE]))
    visitor.note("signed out")
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/password")
def password_page(visitor: Newcomer) -> Response:
    """The form for another password."""
    return page("password.html", visitor, sentence="", shortest=SHORTEST_PASSWORD)


@router.post("/password")
def change_password(visitor: Newcomer) -> Response:
    """Change it; every session ends, this one too."""
    form = visitor.form
    try:
        visitor.parts.access.change_password(visitor.session.account, form.one("old"), form.one("new"))
    except ImpossibleRequest as error:
        return page("password.html", visitor, status=422, sentence=str(error), shortest=SHORTEST_PASSWORD)
    visitor.note("changed the password")
    return RedirectResponse("/sign-in", 303)
