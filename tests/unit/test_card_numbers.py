"""Card numbers are found however they are written; ids, times and sums are none."""

import json

import pytest
import structlog

from fraudstream import logs
from fraudstream.card_numbers import find
from fraudstream.leaks.main import found_in
from fraudstream.masking import masked_text
from fraudstream.settings import LogSettings

TEST_NUMBERS = {
    "Visa": "4111111111111111",
    "Visa of 13": "4222222222222",
    "with spaces": "4111 1111 1111 1111",
    "with dashes": "5555-5555-5555-4444",
    "Mastercard of 2017": "2223003122003222",
    "American Express": "378282246310005",
    "Diners": "30569309025904",
    "Discover": "6011111111111117",
    "JCB": "3530111333300000",
    "UnionPay of 19": "6205500000000000004",
}


@pytest.mark.parametrize("number", TEST_NUMBERS.values(), ids=TEST_NUMBERS)
@pytest.mark.parametrize("text", ['{{"card":"{}"}}', "paid with {}, declined", "card={}", "x-{}", "{}"])
def test_a_card_number_is_found_and_hidden(number: str, text: str) -> None:
    written, digits = text.format(number), "".join(filter(str.isdigit, number))

    assert list(find(written.encode())) == ["*" * (len(digits) - 4) + digits[-4:]]
    assert number not in masked_text(written)
    assert masked_text(written).count(digits[-4:]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",
        "411111111111111122223333",
        "ab4111111111111111",
        "0.4111111111111111",
        "1764000000000000",
        "a1b2c3d4-4111-4111-8111-111111111111",
        "41111111-1111-4111-8111-111111111111",
        "customer 4711 paid 1834.07",
        "",
    ],
)
def test_other_numbers_are_none(text: str) -> None:
    assert list(find(text.encode())) == []


def test_places_are_counted_and_shown_masked() -> None:
    texts = [("alerts.reasons", b"4111111111111111"), ("log", b"nothing"), ("alerts.reasons", b"378282246310005")]

    assert found_in(texts) == ["alerts.reasons: 2 (************1111, ***********0005)"]


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_log_holds_one_whatever_an_error_quotes(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    try:
        logs.configure("test", LogSettings(log_format=log_format))
        try:
            int("4111 1111 1111 1111")
        except ValueError:
            structlog.get_logger().exception("refused 5555555555554444", error="card 378282246310005")
    finally:
        structlog.configure(**before)
        structlog.contextvars.clear_contextvars()
    written = capsys.readouterr().err

    assert list(find(written.encode())) == []
    assert "************1111" in written
    assert "***********0005" in written
    if log_format == "json":
        assert json.loads(written.splitlines()[0])["event"] == "refused ************4444"
