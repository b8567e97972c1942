"""Somebody signed in to the page without a browser, who can send what no browser would."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.cookiejar import CookieJar
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, OpenerDirector, Request, build_opener

PATIENCE = 180.0


class _StaysHere(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str) -> None:
        del req, fp, code, msg, headers, newurl


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass
class Client:
    """One browser's worth of cookies."""

    address: str
    form_token: str = ""
    opener: OpenerDirector = field(init=False)
    cookies: CookieJar = field(default_factory=CookieJar)

    def __post_init__(self) -> None:
        self.opener = build_opener(_StaysHere(), HTTPCookieProcessor(self.cookies))

    def sign_in(self, name: str, password: str, wanted: str = "/") -> Answer:
        """Sign in, and remember the token of the session's forms."""
        answer = self.post("/sign-in", name=name, password=password, next=wanted)
        if answer.status == 303:
            self.form_token = self.get("/").text.partition('name="form-token" content="')[2].partition('"')[0]
        return answer

    def get(self, path: str, headers: Mapping[str, str] | None = None, /, **parameters: str) -> Answer:
        return self._ask(Request(self._of(path, parameters), headers=dict(headers or {})))  # noqa: S310 - a page of ours

    def post(self, path: str, headers: Mapping[str, str] | None = None, /, **fields: str | list[str]) -> Answer:
        body = urlencode({"form_token": self.form_token, **fields}, doseq=True, errors="surrogatepass").encode()
        return self._ask(Request(self.address + path, body, dict(headers or {})))  # noqa: S310 - same

    def seen(self, alert_id: uuid.UUID) -> str:
        """What the page shows of an alert now, as its form sends it."""
        return self.get(f"/alerts/{alert_id}/now").text.partition('data-seen="')[2].partition('"')[0]

    def decide(self, seen: str | list[str], outcome: str, note: str = "") -> Answer:
        return self.post("/decisions", {"HX-Request": "true"}, seen=seen, outcome=outcome, note=note)

    def _of(self, path: str, parameters: Mapping[str, str]) -> str:
        return self.address + path + (f"?{urlencode(parameters)}" if parameters else "")

    def _ask(self, request: Request) -> Answer:
        try:
            answer = self.opener.open(request, timeout=PATIENCE)
        except HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())
        with answer:
            return Answer(answer.status, dict(answer.headers), answer.read().decode())
