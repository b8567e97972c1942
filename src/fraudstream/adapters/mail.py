"""E-mail: every alert is one message, handed over encrypted to a mail server."""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from pathlib import Path

from fraudstream.clock import Clock, SystemClock
from fraudstream.errors import ConfigurationError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.delivery import Notification

TEMPORARY = range(400, 500)
"""Answers of a mail server that say: not now."""


@dataclass(frozen=True)
class MailServer:
    """Where mails are handed over; the certificate must be of `host`, signed by `ca_file` or whom the system trusts."""

    host: str
    port: int = 587
    user: str | None = None
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout: float = 10.0


@dataclass(frozen=True)
class EmailNotifier:
    """`Notifier` by SMTP with STARTTLS: the text for people, the document attached.

    The Message-ID is made of the alert's id, so that a repeat is the same mail to whoever collects them.

    Raises:
        ConfigurationError: an address is none.
    """

    server: MailServer
    sender: str
    recipients: Sequence[str]
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        """Check the addresses."""
        for address in (self.sender, *self.recipients):
            if "@" not in parseaddr(address)[1] or not address.isprintable():
                raise ConfigurationError(f"{address!r} is no e-mail address; look at MAIL_FROM and MAIL_TO")
        if not self.recipients:
            raise ConfigurationError("MAIL_TO names nobody; give it an address at least")

    def publish(self, notification: Notification) -> str:
        """See `Notifier.publish`."""
        message = self._message(notification)
        with self._connected() as connection:
            refused = connection.send_message(message)
        if refused:
            raise ConfigurationError(f"the mail server refused {', '.join(refused)}; look at MAIL_TO")
        return str(message["Message-ID"])

    def _message(self, notification: Notification) -> EmailMessage:
        alert_id = str(notification.attributes.get("alert_id", ""))
        message = EmailMessage()
        message["Subject"] = notification.subject
        message["From"], message["To"] = self.sender, ", ".join(self.recipients)
        message["Date"] = formatdate(self.clock.now())
        message["Message-ID"] = f"<{alert_id}@{parseaddr(self.sender)[1].rpartition('@')[2]}>"
        message["Fraudstream-Alert"] = alert_id
        message.set_content(notification.text)
        message.add_attachment(notification.document.encode(), "application", "json", filename="alert.json")
        return message

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self.server
        try:
            context = ssl.create_default_context(cafile=server.ca_file)
            with smtplib.SMTP(server.host, server.port, timeout=server.timeout) as connection:
                connection.starttls(context=context)
                if server.user is not None:
                    connection.login(server.user, server.password)
                yield connection
        except smtplib.SMTPNotSupportedError as error:
            raise ConfigurationError(f"the mail server {server.host}: {error}; it must offer STARTTLS") from error
        except smtplib.SMTPAuthenticationError as error:
            raise ConfigurationError(
                f"the mail server {server.host} does not let SMTP_USER in; correct SMTP_USER and SMTP_PASSWORD"
            ) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError, smtplib.SMTPConnectError) as error:
            raise _refusal(server.host, error) from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _recipients(error) from error
        except ssl.SSLCertVerificationError as error:
            raise ConfigurationError(
                f"the mail server {server.host}: {error.verify_message}; see SMTP_CA_FILE"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise TemporarilyUnavailable(f"the mail server {server.host} did not answer: {error}") from error


def _refusal(host: str, error: smtplib.SMTPResponseException) -> Exception:
    said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    sentence = f"the mail server {host} answered {error.smtp_code} {said}"
    if error.smtp_code in TEMPORARY:
        return TemporarilyUnavailable(sentence)
    return (
        MalformedEvent("refused", sentence)
        if isinstance(error, smtplib.SMTPDataError)
        else ConfigurationError(sentence)
    )


def _recipients(error: smtplib.SMTPRecipientsRefused) -> Exception:
    if all(code in TEMPORARY for code, _ in error.recipients.values()):
        return TemporarilyUnavailable(f"the mail server does not take mail for {', '.join(error.recipients)} now")
    return ConfigurationError(f"the mail server refused {', '.join(error.recipients)}; look at MAIL_TO")
