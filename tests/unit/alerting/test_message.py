"""What an alert says to people and to machines."""

import json

import msgspec
from tests.unit.alerting.builders import an_alert

from fraudstream.alerting.message import notification_of
from fraudstream.contracts.alert import parse_alert
from fraudstream.contracts.decision import Reason


def test_the_subject_names_amount_place_and_score() -> None:
    notification = notification_of(an_alert(amount=1_234.5, currency="USD"))

    assert notification.subject == "Fraud alert: 1,234.50 USD at electronics in Chicago, score 0.97"


def test_the_text_gives_every_reason_in_order() -> None:
    reasons = (Reason("a", 1.0, 2.0, "first reason"), Reason("b", 1.0, 1.0, "second reason"))

    text = notification_of(an_alert(reasons=reasons)).text

    assert text.index("first reason") < text.index("second reason")


def test_the_text_says_who_paid_what_where_when_and_how_sure_we_are() -> None:
    text = notification_of(an_alert(merchant_id=9, channel="card_present")).text

    for part in (
        "Customer 42 paid 1,234.50 USD at electronics in Chicago, merchant 9.",
        "2026-03-01 12:30:00+00:00",
        "credit card, card present",
        "0.973 (alerts from 0.400, model 7)",
        f"Alert {an_alert().alert_id}",
    ):
        assert part in text


def test_a_reason_without_a_sentence_gives_feature_and_value() -> None:
    assert "amount_ratio = 6.2" in notification_of(an_alert(reasons=(Reason("amount_ratio", 6.2, 1.0, ""),))).text


def test_an_alert_without_reasons_is_told_too() -> None:
    assert "the score itself" in notification_of(an_alert(reasons=())).text


def test_the_document_is_the_alert_itself() -> None:
    alert = an_alert(merchant_id=3)

    assert parse_alert(notification_of(alert).document.encode()) == alert
    assert json.loads(notification_of(alert).document)["alert_id"] == str(alert.alert_id)


def test_attributes_are_what_subscriptions_filter_on() -> None:
    attributes = notification_of(an_alert()).attributes

    assert attributes["score"] == 0.973
    assert attributes["location"] == "Chicago"
    assert attributes["alert_id"] == str(an_alert().alert_id)


def test_a_subject_is_short_printable_ascii_whatever_the_alert_holds() -> None:
    wild = an_alert(location="Zürich\n" + "x" * 200, currency="\x00€x")

    subject = notification_of(wild).subject

    assert len(subject) == 100
    assert subject.isascii()
    assert subject.isprintable()


def test_the_message_depends_on_the_alert_alone() -> None:
    assert notification_of(an_alert()) == notification_of(msgspec.structs.replace(an_alert()))
