"""Settings name what is wrong and where to look."""

import datetime as dt
import re
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.settings import DatabaseSettings, KafkaSettings, ScoringSettings, impossible, variables

EXAMPLE = Path(__file__).parents[2] / ".env.example"
COMPOSE = EXAMPLE.with_name("docker-compose.yml")


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)

    with pytest.raises(ConfigurationError, match="KAFKA_BOOTSTRAP_SERVERS is not set"):
        KafkaSettings.load()


def test_an_impossible_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_OFFSETS_PER_TRIGGER", "none")

    with pytest.raises(ConfigurationError, match="MAX_OFFSETS_PER_TRIGGER is impossible"):
        ScoringSettings.load()


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_DELAY", "")

    assert ScoringSettings.load().label_delay == dt.timedelta(days=4)


@pytest.mark.parametrize(("text", "seconds"), [("P1D", 86_400), ("3600", 3_600), ("00:00:10", 10)])
def test_durations_are_iso_seconds_or_clock(text: str, seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_FUTURE", text)

    assert ScoringSettings.load().max_future.total_seconds() == seconds


def test_a_profile_gives_defaults_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORING_PROFILE", "throughput")
    monkeypatch.setenv("TRIGGER_INTERVAL_MS", "7")

    settings = ScoringSettings.load()

    assert (settings.trigger_interval_ms, settings.max_offsets_per_trigger) == (7, 160_000)


def test_the_profile_is_latency_unless_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORING_PROFILE", "")
    settings = ScoringSettings.load()

    assert (settings.trigger_interval_ms, settings.max_offsets_per_trigger) == (70, 40_000)


def test_an_unknown_profile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCORING_PROFILE", "both")

    with pytest.raises(ConfigurationError, match=r"SCORING_PROFILE is impossible: .*'latency' or 'throughput'"):
        ScoringSettings.load()


def test_a_password_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg2://someone:hidden@127.0.0.1/fraudstream")

    assert "hidden" not in repr(DatabaseSettings.load())


def test_impossible_values_are_found_without_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLICE_ROWS", "0")
    values = {"LOG_LEVEL": "hidden", "KAFKA_REPLICATION_FACTOR": "hidden", "LABEL_DELAY": "P4D", "OTHER": "x"}

    assert sorted(impossible(values)) == ["KAFKA_REPLICATION_FACTOR", "LOG_LEVEL"]
    assert "hidden" not in str(impossible(values))
    assert impossible({"SLICE_ROWS": ""}) == {}


def test_the_example_lists_exactly_the_variables_that_are_read() -> None:
    listed = re.findall(r"^#?\s?([A-Z][A-Z0-9_]+)=", EXAMPLE.read_text(), flags=re.MULTILINE)
    in_compose = set(re.findall(r"\$\{([A-Z0-9_]+)", COMPOSE.read_text()))
    ours = list(variables())

    assert [name for name in listed if name in ours] == ours
    assert {name for name in listed if name not in ours and not name.startswith("AWS_")} == {
        name for name in in_compose if name not in ours and not name.startswith("AWS_")
    }
    assert {name for name in in_compose if name.startswith("AWS_")} <= set(listed)
