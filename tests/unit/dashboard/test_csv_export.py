"""No cell of an export is a formula, whatever came in with a payment."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudstream.dashboard.csv_export import COLUMNS, alerts_csv, harmless


@given(st.text())
def test_no_text_is_a_formula(text: str) -> None:
    assert not harmless(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize("text", ["plain", "12.50", "", "with = inside"])
def test_what_is_harmless_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def test_an_export_of_nothing_has_its_heading() -> None:
    assert list(csv.reader(io.StringIO(alerts_csv([])))) == [list(COLUMNS)]
