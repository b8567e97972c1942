"""Families by their names."""

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.training.families import BEST, Family, families_named
from fraudstream.training.main import train


def test_a_family_is_named_or_all_of_them_are() -> None:
    assert families_named("extra-trees") == (Family.EXTRA_TREES,)
    assert families_named(BEST) == tuple(Family)


def test_a_family_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no family of models called forest; use .*extra-trees or best"):
        families_named("forest")


def test_a_training_does_not_begin_with_a_family_there_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")

    with pytest.raises(ConfigurationError, match="no family of models called forest"):
        train(seed=1, customers=1, history_days=45, model="forest")
