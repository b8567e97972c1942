"""Steps are told with their time, and the one that failed is not called finished."""

import io
from contextlib import suppress

from rich.console import Console

from fraudstream.evaluation.steps import Steps


def test_each_step_is_told_with_its_time_and_equal_names_add_up() -> None:
    told, ticks = io.StringIO(), iter([0.0, 2.0, 10.0, 13.0])
    steps = Steps(console=Console(file=told), timer=lambda: next(ticks))

    with steps.step("fit"):
        pass
    with steps.step("fit"):
        pass

    assert told.getvalue() == "fit: 2.0 s\nfit: 3.0 s\n"
    assert steps.taken == {"fit": 5.0}


def test_a_step_that_failed_is_not_finished() -> None:
    told = io.StringIO()
    steps = Steps(console=Console(file=told))

    with suppress(ZeroDivisionError), steps.step("fit"):
        _ = 1 // 0

    assert told.getvalue() == ""
    assert steps.taken == {}
