"""What of the environment makes a client impossible is said plainly."""

import pytest

from fraudstream.adapters.aws.calls import sns_client
from fraudstream.errors import ConfigurationError


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SNS", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


def test_an_endpoint_that_is_set_to_nothing_is_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "")

    assert sns_client().meta.endpoint_url == "https://sns.eu-central-1.amazonaws.com"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AWS_DEFAULT_REGION", "", "a region must not be set to nothing"),
        ("AWS_ENDPOINT_URL", "nowhere", "Look at AWS_ENDPOINT_URL"),
        ("AWS_PROFILE", "nobody", "nobody"),
    ],
)
def test_an_impossible_variable_is_a_configuration_error(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=told):
        sns_client()
