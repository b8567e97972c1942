"""What the golden templates would create on AWS, and what of it costs money while nothing happens."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import fraudstream
from fraudstream.errors import ConfigurationError

ORDER = ("encryption", "images", "network", "stream", "lake", "database", "scoring", "alerting", "mlops", "apps",
         "observability")  # fmt: skip
"""The stacks in the order they are deployed in."""
IDLE_COSTS: Mapping[str, str] = {
    "AWS::CloudWatch::Alarm": "each, by the month",
    "AWS::DynamoDB::Table": "what is stored",
    "AWS::EC2::EIP": "by the hour",
    "AWS::EC2::NatGateway": "by the hour, and by what passes it",
    "AWS::ECR::Repository": "images stored",
    "AWS::ECS::Service": "by the hour, for vCPU and memory",
    "AWS::KMS::Key": "by the month",
    "AWS::Lambda::EventSourceMapping": "by the hour, for its provisioned poller",
    "AWS::Logs::LogGroup": "what is stored",
    "AWS::MSK::Cluster": "by the hour, for each broker and its disk",
    "AWS::RDS::DBInstance": "by the hour, for instance (twice if Multi-AZ), disk, backups",
    "AWS::S3::Bucket": "what is stored",
    "AWS::SecretsManager::Secret": "each, by the month",
}
"""What is billed while idle, by type. Whatever is not here costs nothing, or only when it is used."""
WHEN_USED: Mapping[str, str] = {
    "AWS::EMRServerless::Application": "while a job runs: vCPU and memory; the scorer's job runs always",
    "AWS::Lambda::Function": "when alerts come",
    "AWS::SNS::Topic": "when it is published to",
    "AWS::SQS::Queue": "when it is asked",
    "AWS::SageMaker::MlflowApp": "look at the price list of SageMaker",
}
WIDTH = 130
"""Columns that the longest line takes."""
NUMBERS = {
    "AWS::MSK::Cluster": ("NumberOfBrokerNodes", "brokers"),
    "AWS::RDS::DBInstance": ("DBInstanceClass", ""),
}
"""A property that says how much of a thing there is, with its unit."""


@dataclass(frozen=True)
class Line:
    """So many resources of a type in a stack."""

    stack: str
    kind: str
    count: int
    detail: str
    cost: str


def template_folder() -> Path:
    """`infra/templates` of the checkout, or its copy inside an installed package.

    Raises:
        ConfigurationError: there is neither.
    """
    package = Path(fraudstream.__file__).parent
    for folder in (package / "provisioning" / "templates", package.parents[1] / "infra" / "templates"):
        if folder.is_dir():
            return folder
    raise ConfigurationError("the templates are not there: look into infra/templates of the project's sources")


def planned(folder: Path) -> Sequence[Line]:
    """Every line of the plan, by stack in the order of deployment.

    Raises:
        ConfigurationError: a stack's template is missing or none.
    """
    lines: list[Line] = []
    for stack in ORDER:
        path = folder / f"fraudstream-{stack}.json"
        try:
            resources: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["Resources"]
        except (OSError, ValueError, KeyError) as error:
            raise ConfigurationError(f"{path} is no template ({error}); `make synth` writes it") from error
        counts = Counter(str(resource["Type"]) for resource in resources.values())
        lines += [
            Line(stack, kind, counts[kind], _detail(kind, resources.values()), _cost(kind)) for kind in sorted(counts)
        ]
    return lines


def _cost(kind: str) -> str:
    if kind in IDLE_COSTS:
        return f"yes: {IDLE_COSTS[kind]}"
    return f"no: {WHEN_USED[kind]}" if kind in WHEN_USED else "no"


def _detail(kind: str, resources: Iterable[Mapping[str, Any]]) -> str:
    """What the resources of a type say of their size."""
    if kind not in NUMBERS:
        return ""
    name, unit = NUMBERS[kind]
    values = {str(each["Properties"][name]) for each in resources if each["Type"] == kind}
    return f"{' or '.join(sorted(values))} {unit}".strip()


def print_plan() -> None:
    """Print the table, and what it is not.

    Raises:
        ConfigurationError: the templates are not there.
    """
    folder = template_folder()
    lines = planned(folder)
    table = Table("stack", "what", "count", "size", "costs money while idle", box=None, pad_edge=False)
    before = ""
    for line in lines:
        shown = line.stack if line.stack != before else ""
        table.add_row(shown, line.kind.removeprefix("AWS::"), str(line.count), line.detail, line.cost)
        before = line.stack
    console = Console(highlight=False, markup=False, emoji=False)
    console.width = max(console.width, WIDTH)
    console.print(table)
    total, idle = sum(line.count for line in lines), sum(line.count for line in lines if line.kind in IDLE_COSTS)
    console.print(
        f"\n{total} resources in {len(ORDER)} stacks, {idle} of them billed while idle. Prices are your region's."
        f"\nThese are the default templates, {folder}; nothing was asked of AWS."
        "\nHow to deploy and to remove them: docs/how-to/run-on-aws.md"
    )
