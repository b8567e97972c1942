"""The environment decides where the alert function runs."""

from contextlib import closing
from pathlib import Path

import pytest

from fraudstream.adapters.aws.function import LambdaInvoker
from fraudstream.adapters.lambda_process import RuntimeApiInvoker
from fraudstream.alerting.main import _invoker
from fraudstream.errors import ConfigurationError
from fraudstream.settings import AlertingSettings


def test_a_function_with_a_name_is_invoked_where_it_is_deployed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    with closing(_invoker(AlertingSettings(alert_function_name="fraud-alert"), tmp_path)) as invoker:
        assert isinstance(invoker, LambdaInvoker)


def test_a_function_without_a_name_runs_here(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("def handler(event, context):\n    return event\n", encoding="utf-8")
    settings = AlertingSettings(alerts_topic_arn="arn:aws:sns:us-east-1:123456789012:alerts")

    with closing(_invoker(settings, tmp_path)) as invoker:
        assert isinstance(invoker, RuntimeApiInvoker)
        assert invoker.invoke(b"[1]").payload == b"[1]"


def test_without_name_and_code_there_is_nothing_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no handler\.py"):
        _invoker(AlertingSettings(), tmp_path)
