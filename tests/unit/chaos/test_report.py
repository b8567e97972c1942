"""A run holds only if something was done to it and nothing came of it."""

import dataclasses
import json

import pytest
from tests.unit.verify.test_sheet import HEALTHY

from fraudstream.adapters.database.vitals import Order
from fraudstream.chaos.report import Outcome, Recovery

OUTCOME = Outcome(
    seed=7,
    kills=2,
    faults={"kill kafka": 1, "kill scorer": 1},
    not_made={},
    recoveries=(Recovery("kill kafka", 4.04), Recovery("kill scorer", 11.0), Recovery("kill kafka", 6.0)),
    stops={"scorer": 2.345},
    balance=HEALTHY,
    order=Order(0, 0),
    seconds=123.45,
)


def test_the_line_says_what_was_done_and_what_came_of_it() -> None:
    said = json.loads(OUTCOME.to_json())

    assert (said["seed"], said["kills"], said["faults"]) == (7, 2, {"kill kafka": 1, "kill scorer": 1})
    assert said["recovery_seconds"] == {"p50": 6.0, "max": 11.0}
    assert said["slowest_recovery"] == {"kill kafka": 6.0, "kill scorer": 11.0}
    assert said["stop_seconds"] == {"scorer": 2.3}
    assert said["scored"] == HEALTHY.scored
    assert all(said[name] == 0 for name in ("lost", "duplicated", "phantom", "mismatched", "misordered"))
    assert all(said[name] == 0 for name in ("alerts_missing", "alerts_doubled"))
    assert (said["holds"], said["problems"]) == (True, [])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"order": Order(misordered=1, alerts_doubled=0)}, "1 payments scored before an earlier one of their customer"),
        ({"order": Order(misordered=0, alerts_doubled=1)}, "1 alerts stored twice"),
        ({"problems": ("only 3 of 4 faults fit into 60 s",)}, "only 3 of 4 faults fit into 60 s"),
        ({"balance": dataclasses.replace(HEALTHY, lost=1)}, "1 lost"),
    ],
)
def test_it_does_not_hold_where_something_is_wrong(change: dict[str, object], sentence: str) -> None:
    outcome = dataclasses.replace(OUTCOME, **change)  # type: ignore[arg-type]

    assert OUTCOME.holds
    assert not outcome.holds
    assert sentence in json.loads(outcome.to_json())["problems"]


@pytest.mark.parametrize("faults", [{}, {"pause kafka": 1}])
def test_a_run_in_which_nothing_was_killed_fails_though_everything_balances(faults: dict[str, int]) -> None:
    outcome = dataclasses.replace(OUTCOME, kills=0, faults=faults, not_made={"kill scorer": "it did not run"})

    said = json.loads(outcome.to_json())
    assert outcome.balance.holds
    assert (said["holds"], said["problems"]) == (False, ["no part was killed, so nothing is proved"])


def test_without_a_recovery_there_is_no_time() -> None:
    said = json.loads(dataclasses.replace(OUTCOME, recoveries=()).to_json())

    assert said["recovery_seconds"] == {"p50": None, "max": None}
