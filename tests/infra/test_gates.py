"""The gates that need the CDK: fresh templates, cfn-lint, checkov, and a deployment into what is there already."""

import json
from typing import Any

import pytest
from tests.infra.templates import ROOT

EXCEPTIONS = json.loads((ROOT / "infra" / "exceptions.json").read_text("utf-8"))


@pytest.mark.parametrize("gate", ["golden", "cfn-lint", "checkov", "exceptions that nothing needs"])
def test_a_gate_finds_nothing(audited: dict[str, Any], gate: str) -> None:
    assert audited[gate] == [], "`make synth` writes the templates anew, `make audit-infra` shows all gates"


def test_every_exception_is_justified() -> None:
    assert [
        each for each in EXCEPTIONS if not (each["reason"].endswith(".") and len(each["reason"].split()) >= 10)
    ] == []


def test_what_is_there_already_is_used_and_not_made(audited: dict[str, Any]) -> None:
    brought = audited["brought"]
    kinds = {each["Type"] for template in brought.values() for each in template["Resources"].values()}
    text = json.dumps(brought)

    assert not kinds & {"AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::NatGateway", "AWS::MSK::Cluster"}
    assert "AWS::MSK::Topic" in kinds
    assert all(word in text for word in ("vpc-0123456789abcdef0", "sg-0123456789abcdef0", ":cluster/mine/"))


def test_a_deployment_that_keeps_nothing_deletes_everything(audited: dict[str, Any]) -> None:
    kept = {
        name
        for template in audited["brought"].values()
        for name, each in template["Resources"].items()
        if each.get("DeletionPolicy", "Delete") != "Delete"
    }

    assert kept == set()
