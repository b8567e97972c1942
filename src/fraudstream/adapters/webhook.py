"""A webhook: every alert is posted to one address, signed, so that the receiver knows who sent it and when."""

import hashlib
import hmac
import uuid
from dataclasses import dataclass, field
from email.message import Message
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from fraudstream.clock import Clock, SystemClock
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.delivery import Notification

TIMESTAMP, SIGNATURE = "Fraudstream-Timestamp", "Fraudstream-Signature"
ALERT, DELIVERY = "Fraudstream-Alert", "Fraudstream-Delivery"
VERSION = "v1"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
REFUSED_MESSAGE = frozenset({400, 413, 422})
AGAIN = frozenset({408, 409, 425, 429})


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str) -> None:
        del req, fp, code, msg, headers, newurl  # a signed alert goes where it was meant to go, or nowhere


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """What the header `Fraudstream-Signature` says: HMAC-SHA256 of `timestamp.body`."""
    return f"{VERSION}={hmac.new(secret, timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True)
class WebhookNotifier:
    """`Notifier` that posts the document; the header `Fraudstream-Alert` is the same in every repeat.

    Raises:
        ConfigurationError: the address is none, or what it carries could be read on the way.
    """

    url: str
    secret: bytes = field(repr=False)
    timeout: float = 10.0
    clock: Clock = field(default_factory=SystemClock)
    _opener: OpenerDirector = field(default_factory=lambda: build_opener(_NoRedirects()), repr=False)

    def __post_init__(self) -> None:
        """Check the address."""
        parts = urlsplit(self.url)
        if not parts.hostname or parts.scheme not in {"http", "https"}:
            raise ConfigurationError("WEBHOOK_URL is no address; write it as https://example.org/alerts")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ConfigurationError("WEBHOOK_URL must begin with https: alerts say what customers pay")

    def publish(self, notification: Notification) -> str:
        """See `Notifier.publish`; the id is that of this try, which the receiver gets too."""
        delivery, body = str(uuid.uuid4()), notification.document.encode()
        timestamp = f"{self.clock.now():.0f}"
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "fraudstream",
            TIMESTAMP: timestamp,
            SIGNATURE: signature(self.secret, timestamp, body),
            ALERT: str(notification.attributes.get("alert_id", "")),
            DELIVERY: delivery,
        }
        request = Request(self.url, body, headers)  # noqa: S310 - http and https alone, see above
        try:
            with self._opener.open(request, timeout=self.timeout):
                return delivery
        except HTTPError as error:
            with error:
                raise self._refusal(error.code) from error
        except OSError as error:
            raise TemporarilyUnavailable(f"the webhook did not answer: {getattr(error, 'reason', error)}") from error

    def _refusal(self, status: int) -> Exception:
        if status in REFUSED_MESSAGE:
            return MalformedEvent("refused", f"the webhook answered {status} to this alert")
        if status in AGAIN or status >= 500:  # noqa: PLR2004 - a server's errors
            return TemporarilyUnavailable(f"the webhook answered {status}")
        return ConfigurationError(f"the webhook answered {status}: look at WEBHOOK_URL and WEBHOOK_SECRET")
