"""Every step of scorer and promotion, interrupted at its first, middle and last hit, leaves what it should.

The boundaries are found by a run without failpoints, so a step that is added is interrupted, too. What is interrupted
lies beside Spark, which has a test of its own.
"""

import pytest
from tests.integration.failpoints.warm import Runner, holds

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("action", ["exit", "raise", pytest.param("sleep", marks=pytest.mark.long)])
@pytest.mark.parametrize("scenario", ["scorer", "promotion"])
def test_whatever_is_interrupted_ends_as_if_it_had_not_been(runner: Runner, scenario: str, action: str) -> None:
    holds(runner.run(scenario, action), scenario, action)


@pytest.mark.long
def test_a_scorer_that_is_stopped_and_goes_on_ends_as_if_it_had_not_been(runner: Runner) -> None:
    holds(runner.run("scorer", "stop"), "scorer", "stop")
