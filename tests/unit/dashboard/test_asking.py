"""Whatever stands in an address or a form, only sense comes out."""

import uuid
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudstream.dashboard.asking import SEVERITIES, Filters, Form, severity
from fraudstream.dashboard.doors import safe_next

ANYTHING = st.dictionaries(st.sampled_from(["q", "state", "severity", "least", "order", "show"]), st.text(max_size=200))


@given(ANYTHING)
def test_any_address_makes_a_question_or_none(given_fields: dict[str, str]) -> None:
    filters = Filters.read(given_fields)
    wanted = filters.wanted

    assert wanted is None or 0 < wanted.most <= 1_000
    assert "\x00" not in filters.search
    assert Filters.read(dict(parse_qsl(filters.address()))) == filters


@given(st.binary(max_size=2_000))
def test_any_body_is_a_form(body: bytes) -> None:
    for values in Form.read(body).fields.values():
        assert not any("\x00" in value for value in values)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("customer 7", {"customer": 7}),
        ("Merchant:9", {"merchant": 9}),
        ("12", {"either": 12}),
        (str(uuid.UUID(int=5)), {"named": uuid.UUID(int=5), "state": "all"}),
    ],
)
def test_a_search_names_one_thing(search: str, found: dict[str, object]) -> None:
    empty = Filters.read({}).wanted
    assert empty is not None

    assert Filters.read({"q": search}).wanted == replace(empty, **found)  # type: ignore[arg-type]


def test_what_can_be_no_alert_is_not_looked_for() -> None:
    assert Filters.read({"q": "no such thing"}).wanted is None
    assert Filters.read({"q": "9" * 30}).wanted is None


@pytest.mark.parametrize(("at_risk", "word"), [(0.0, "low"), (100.0, "medium"), (500.0, "high"), (1e9, "high")])
def test_severities_share_all_amounts(at_risk: float, word: str) -> None:
    low, high = SEVERITIES[word]

    assert severity(at_risk) == word
    assert low <= at_risk < high


@given(st.text(max_size=600))
def test_one_comes_back_to_this_page_alone(wanted: str) -> None:
    place = safe_next(wanted)

    assert place.startswith("/")
    assert not place.startswith(("//", "/\\"))
    assert place.isprintable()
