"""The command from end to end, on small worlds and with the quickest family."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from fraudstream.cli import app
from fraudstream.errors import ConfigurationError
from fraudstream.evaluation.report import CAVEAT

FIGURES = {
    "auc",
    "ap",
    "cp100",
    "recall_at_fpr",
    "per_scenario_recall",
    "ece",
    "predicted_over_actual",
    "per_fold",
    "digest",
    "model",
    "rows_per_second",
}
QUICK = ("--small", "--model", "logistic-regression")


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["evaluate", *arguments], catch_exceptions=False)

    assert done.exit_code == 0
    return done.stdout


@pytest.fixture(scope="module")
def handbook() -> Any:  # noqa: ANN401 - a document
    return json.loads(run("--world", "handbook", *QUICK, "--json"))


def test_the_json_has_the_best_candidate_and_the_serving_one(handbook: Any) -> None:  # noqa: ANN401
    assert handbook.keys() >= FIGURES | {"world", "seed", "rows", "frauds", "seconds", "published", "candidates"}
    assert handbook["serving"].keys() >= FIGURES
    assert (handbook["world"], handbook["seed"], handbook["note"]) == ("handbook", 0, CAVEAT)
    assert list(handbook["recall_at_fpr"]) == ["0.001", "0.005", "0.01"]
    assert handbook["rows"] > handbook["measured_rows"] > handbook["measured_frauds"] > 0


def test_the_four_folds_are_there_and_their_mean(handbook: Any) -> None:  # noqa: ANN401
    folds = handbook["per_fold"]

    assert [fold["fold"] for fold in folds] == ["2018-07-25", "2018-08-01", "2018-08-08", "2018-08-15"]
    assert handbook["ap"] == pytest.approx(sum(fold["ap"] for fold in folds) / 4)
    assert handbook["measured_frauds"] == sum(fold["measured_frauds"] for fold in folds)


def test_something_is_learned_even_from_a_small_handbook(handbook: Any) -> None:  # noqa: ANN401
    assert handbook["learned"]
    assert handbook["auc"] > 0.55


def test_random_labels_are_nothing_to_learn_and_that_is_no_failure() -> None:
    said = run("--world", "random", *QUICK)

    assert "Nothing to learn: no model ranks frauds above other payments" in said
    assert CAVEAT in said


def test_the_report_of_the_city_says_what_features_are_worth_and_what_none_of_it_means() -> None:
    said = run("--world", "city", *QUICK)

    assert "logistic regression (best, serving)" in said
    assert "short velocity (14 features)" in said
    assert "This was a small world: no figure above means anything." in said
    assert CAVEAT in said


def test_an_unknown_family_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="no family of models called oracle; use logistic-regression"):
        run("--world", "random", "--small", "--model", "oracle")
