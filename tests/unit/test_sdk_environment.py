"""A process with an environment of its own still finds AWS."""

import os

import pytest

from fraudstream.settings import sdk_environment


@pytest.fixture(autouse=True)
def nothing_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("AWS_", "POWERTOOLS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/home/somebody")


def test_only_what_aws_libraries_read_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("DATABASE_URL", "secret")

    assert sdk_environment() == {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "POWERTOOLS_LOG_LEVEL": "DEBUG",
        "HOME": "/home/somebody",
    }


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_is_found_under_both_of_its_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "eu-west-1")

    found = sdk_environment()

    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == ("eu-west-1", "eu-west-1")
