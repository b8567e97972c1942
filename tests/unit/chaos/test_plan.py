"""A plan of faults is a function of its seed, and leaves nothing out."""

import pytest

from fraudstream.chaos.faults import hits_the_scorer
from fraudstream.chaos.plan import KILLED, OTHERS, Fault, Kind, counts, plan


def test_the_same_seed_gives_the_same_faults_in_the_same_order() -> None:
    assert plan(7, 20) == plan(7, 20)
    assert plan(7, 20) != plan(8, 20)


@pytest.mark.parametrize("seed", range(20))
def test_twenty_kills_do_everything_at_least_once(seed: int) -> None:
    made = plan(seed, 20)

    assert sum(fault.kind == Kind.KILL for fault in made) == 20
    assert {fault.target for fault in made if fault.kind == Kind.KILL} == set(KILLED)
    assert {fault for fault in made if fault.kind != Kind.KILL} == set(OTHERS)
    assert {fault.kind for fault in made} == set(Kind)


def test_a_short_plan_kills_what_matters_most() -> None:
    assert {fault.target for fault in plan(3, 3) if fault.kind == Kind.KILL} == set(KILLED[:3])


def test_faults_are_counted_by_name() -> None:
    faults = [Fault(Kind.KILL, "kafka"), Fault(Kind.PAUSE, "kafka"), Fault(Kind.KILL, "kafka")]

    assert counts(faults) == {"kill kafka": 2, "pause kafka": 1}


def test_a_second_scorer_is_waited_for_where_the_one_at_work_ends() -> None:
    assert {fault for fault in plan(5, 20) if hits_the_scorer(fault)} == {
        Fault(Kind.KILL, "scorer"),
        Fault(Kind.RESTART, "scorer"),
        Fault(Kind.SUPERSEDE, "scorer"),
        Fault(Kind.LOSE, "checkpoint"),
        Fault(Kind.FILL, "checkpoint"),
    }
