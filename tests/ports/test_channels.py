"""One contract for every channel of alerts: in memory, SNS, a webhook, e-mail, each with a real other end."""

from collections.abc import Callable, Iterator

import pytest
import stamina
from tests.ports.channel_lines import PASSWORD, SECRET, USER, Arrived, Line, mail_line, webhook_line

from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.aws.resources import ensure_alerting_resources
from fraudstream.adapters.mail import EmailNotifier, MailServer
from fraudstream.adapters.memory_delivery import MemoryNotifier
from fraudstream.adapters.webhook import WebhookNotifier, signature
from fraudstream.alerting.inbox import alert_id_in
from fraudstream.errors import ConfigurationError, FraudstreamError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.delivery import MessageQueue, Notification
from fraudstream.settings import AlertingSettings

pytestmark = pytest.mark.ports

ALERT = "6f9619ff-8b86-5d11-b42d-00cf4fc964ff"
HELLO = Notification("Fraud alert", "for people: ü", f'{{"alert_id": "{ALERT}", "text": "ü"}}', {"alert_id": ALERT})


def in_queue(queue: MessageQueue) -> Callable[[], list[Arrived]]:
    got: list[Arrived] = []

    def arrived() -> list[Arrived]:
        while messages := queue.receive(10, 0.0):
            got.extend(Arrived(str(alert_id_in(message.body)), message.body) for message in messages)
            queue.delete(messages)
        return got

    return arrived


@pytest.fixture(scope="module")
def webhook() -> Iterator[Line]:
    with webhook_line() as line:
        yield line


@pytest.fixture(scope="module")
def mail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with mail_line(tmp_path_factory.mktemp("mail")) as line:
        yield line


@pytest.fixture(params=["memory", "webhook", "mail", "aws"])
def line(request: pytest.FixtureRequest, unique_name: Callable[[str], str]) -> Line:
    if request.param == "memory":
        notifier = MemoryNotifier()
        return Line(notifier, in_queue(notifier.queue))
    if request.param != "aws":
        found: Line = request.getfixturevalue(request.param)
        return found
    request.getfixturevalue("aws_environment")
    settings = AlertingSettings(idempotency_table=unique_name("sent"))
    made = ensure_alerting_resources(settings, topic=unique_name("alerts"), queue=unique_name("inbox"))
    return Line(SnsNotifier(made.topic_arn), in_queue(SqsQueue(made.queue_url)))


def test_a_repeat_arrives_as_it_was_under_the_same_alert(line: Line) -> None:
    before = len(line.arrived())
    ids = [line.notifier.publish(HELLO), line.notifier.publish(HELLO)]

    assert all(ids)
    for attempt in stamina.retry_context(on=AssertionError, attempts=None, timeout=30.0, wait_initial=0.05):
        with attempt:  # SNS has taken a message before the queue has it
            assert line.arrived()[before:] == [Arrived(ALERT, HELLO.document)] * 2


@pytest.mark.parametrize(
    ("channel", "answer", "error"),
    [
        ("webhook", 503, TemporarilyUnavailable),
        ("webhook", 429, TemporarilyUnavailable),
        ("webhook", 422, MalformedEvent),
        ("webhook", 403, ConfigurationError),
        ("webhook", 302, ConfigurationError),
        ("mail", 451, TemporarilyUnavailable),
        ("mail", 554, MalformedEvent),
    ],
)
def test_what_the_other_end_says_decides_what_comes_next(
    request: pytest.FixtureRequest, channel: str, answer: int, error: type[FraudstreamError]
) -> None:
    line: Line = request.getfixturevalue(channel)
    before = len(line.arrived())
    line.say(answer)
    try:
        with pytest.raises(error):
            line.notifier.publish(HELLO)
    finally:
        line.say(0)

    assert len(line.arrived()) == before


def test_a_channel_that_is_away_is_temporarily_so() -> None:
    with pytest.raises(TemporarilyUnavailable):
        WebhookNotifier("http://127.0.0.1:9/alerts", SECRET, 5.0).publish(HELLO)
    with pytest.raises(TemporarilyUnavailable):
        EmailNotifier(MailServer("127.0.0.1", 9, timeout=5.0), "a@example.org", ["b@example.org"]).publish(HELLO)


def test_a_webhook_signed_otherwise_is_not_believed(webhook: Line) -> None:
    assert isinstance(webhook.notifier, WebhookNotifier)
    with pytest.raises(ConfigurationError, match="401: look at WEBHOOK_URL and WEBHOOK_SECRET"):
        WebhookNotifier(webhook.notifier.url, SECRET + b"!").publish(HELLO)
    assert signature(SECRET, "1", b"a") != signature(SECRET, "2", b"a") != signature(SECRET, "2", b"b")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"user": USER, "password": "another"}, "does not let SMTP_USER in"),
        ({"user": USER, "password": PASSWORD, "ca_file": None}, "see SMTP_CA_FILE"),
    ],
)
def test_mails_go_encrypted_to_whom_they_are_meant_for(mail: Line, change: dict[str, str], sentence: str) -> None:
    assert isinstance(mail.notifier, EmailNotifier)
    its = mail.notifier.server
    server = MailServer(its.host, its.port, change["user"], change["password"], change.get("ca_file", its.ca_file))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=sentence):
        EmailNotifier(server, mail.notifier.sender, mail.notifier.recipients).publish(HELLO)


@pytest.mark.parametrize("url", ["", "example.org/alerts", "ftp://example.org", "http://example.org/alerts"])
def test_a_webhook_goes_encrypted_to_an_address(url: str) -> None:
    with pytest.raises(ConfigurationError, match="WEBHOOK_URL"):
        WebhookNotifier(url, SECRET)


def test_mails_go_to_addresses() -> None:
    for sender, recipients in (("a", ["b@example.org"]), ("a@example.org", ["b\n@example.org"]), ("a@example.org", [])):
        with pytest.raises(ConfigurationError, match=r"MAIL_TO|MAIL_FROM"):
            EmailNotifier(MailServer("127.0.0.1"), sender, recipients)
