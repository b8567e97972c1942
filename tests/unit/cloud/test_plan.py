"""The plan counts what the templates hold, knows every type in them, and says what costs money while idle."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fraudstream.cli import app
from fraudstream.cloud.plan import IDLE_COSTS, ORDER, WHEN_USED, planned, template_folder
from fraudstream.errors import ConfigurationError

FREE = ("AWS::EC2::", "AWS::IAM::", "AWS::Logs::MetricFilter", "AWS::KMS::Alias", "AWS::S3::BucketPolicy", "AWS::MSK::",
        "AWS::RDS::DB", "AWS::SNS::", "AWS::SQS::QueuePolicy", "AWS::SecretsManager::SecretTargetAttachment",
        "AWS::ECS::", "AWS::Events::Rule", "AWS::Budgets::Budget")  # fmt: skip
"""Beginnings of types that AWS bills by themselves to nobody, unless they are named in one of the tables."""
BILLED = {*IDLE_COSTS, *WHEN_USED}


def test_every_template_is_a_stack_of_the_plan() -> None:
    assert {path.stem for path in template_folder().glob("*.json")} == {f"fraudstream-{stack}" for stack in ORDER}


def test_every_resource_is_counted_once() -> None:
    held = sum(len(json.loads(path.read_text())["Resources"]) for path in template_folder().glob("*.json"))

    assert sum(line.count for line in planned(template_folder())) == held


def test_every_type_is_known_to_cost_something_or_nothing() -> None:
    kinds = {line.kind for line in planned(template_folder())}

    assert {kind for kind in kinds if kind not in BILLED and not kind.startswith(FREE)} == set()
    assert kinds >= BILLED


def test_the_command_prints_the_stacks_and_asks_nothing_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    done = CliRunner().invoke(app, ["aws", "plan"])

    assert done.exit_code == 0, done.output
    assert all(stack in done.output for stack in ORDER)
    assert "3 brokers" in done.output
    assert "by the hour, for each broker and its disk" in done.output


def test_a_template_that_is_not_there_is_named_with_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"fraudstream-encryption\.json is no template .*make synth"):
        planned(tmp_path)
