"""Channels of alerts with somebody at the other end: a real HTTP server, a real mail server, SNS, and memory."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from tests.servers.certificates import Authority

from fraudstream.adapters.mail import EmailNotifier, MailServer
from fraudstream.adapters.webhook import ALERT, SIGNATURE, TIMESTAMP, WebhookNotifier, signature
from fraudstream.ports.delivery import Notifier

SECRET = b"a secret that is long enough to be one"
USER, PASSWORD = "alerts", "of this test"
PATIENCE = 20.0


@dataclass(frozen=True)
class Arrived:
    """What somebody got: whose alert it is about and the document."""

    alert_id: str
    document: str


@dataclass
class Line:
    """A channel and its other end; `say` lets that answer so to what comes, 0 for yes."""

    notifier: Notifier
    arrived: Callable[[], list[Arrived]]
    say: Callable[[int], None] = lambda _: None


@contextlib.contextmanager
def webhook_line() -> Iterator[Line]:
    """A webhook whose receiver checks each signature."""
    got: list[Arrived] = []
    said = [0]

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            expected = signature(SECRET, self.headers[TIMESTAMP], body)
            status = said[0] or (200 if self.headers[SIGNATURE] == expected else 401)
            if status == 200:
                got.append(Arrived(self.headers[ALERT], body.decode()))
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    notifier = WebhookNotifier(f"http://127.0.0.1:{server.server_port}/alerts", SECRET, PATIENCE)
    try:
        yield Line(notifier, lambda: list(got), lambda status: said.__setitem__(0, status))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class _Mailbox:
    got: list[EmailMessage] = field(default_factory=list)
    answer: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        del server, session
        if self.answer:
            return f"{self.answer} not this one"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.got.append(message_from_bytes(content, policy=policy.default))
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - its name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def arrived(self) -> list[Arrived]:
        return [Arrived(mail["Fraudstream-Alert"], _attached(mail)) for mail in self.got]


def _attached(mail: EmailMessage) -> str:
    (attachment,) = mail.iter_attachments()
    content: Any = attachment.get_content()
    return content.decode() if isinstance(content, bytes) else str(content)


@contextlib.contextmanager
def mail_line(folder: Path) -> Iterator[Line]:
    """A mail server that takes mails by STARTTLS alone, of somebody it knows."""
    authority = Authority(folder)
    key, certificate = authority.server_key_and_certificate()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    mailbox = _Mailbox()

    def known(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: LoginPassword) -> AuthResult:
        del server, session, envelope, mechanism
        right = (login.login, login.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)  # whoever is not let in is told so

    terms: Mapping[str, Any] = {"require_starttls": True, "auth_required": True, "authenticator": known}
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = int(listener.getsockname()[1])
    controller = Controller(mailbox, "127.0.0.1", port, tls_context=context, ready_timeout=PATIENCE, **terms)
    controller.start()
    try:
        server = MailServer("127.0.0.1", port, USER, PASSWORD, authority.file, PATIENCE)
        notifier = EmailNotifier(server, "fraudstream@example.org", ["ana@example.org", "bo@example.org"])
        yield Line(notifier, mailbox.arrived, lambda status: setattr(mailbox, "answer", status))
    finally:
        controller.stop()
