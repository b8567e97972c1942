"""The golden templates, and what their references come to in an imaginary account."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "infra" / "templates"
ACCOUNT, REGION = "123456789012", "us-east-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}
PARAMETERS = {
    "ImageTag": "v1",
    "KafkaBootstrapServers": "b-1.fraudstream.example:9098",
    "AlertEmail": "",
    "OperatorEmail": "",
    "DeletionProtection": "true",
    "MonthlyBudget": "1000",
    "ServicesRun": "1",
    "AlertsPerHour": "1000",
    "ChannelNames": "",
    "WebhookUrl": "",
    "SmtpHost": "",
    "SmtpUser": "",
    "MailFrom": "",
    "MailTo": "",
}
CLUSTER = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/fraudstream/3f2a5c9e-1111-2222-3333-444455556666-7"
Resource = Mapping[str, Any]


@cache
def templates() -> Mapping[str, Mapping[str, Any]]:
    """Every golden template by the short name of its stack."""
    return {
        path.stem.removeprefix("fraudstream-"): json.loads(path.read_text("utf-8"))
        for path in sorted(FOLDER.glob("*.json"))
    }


def of_type(kind: str, stack: str | None = None) -> dict[str, Resource]:
    """Resources of a type by their logical ids, of one stack or of all."""
    return {
        name: resource
        for short, template in templates().items()
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind and stack in {None, short}
    }


def properties(kind: str, stack: str | None = None) -> list[Mapping[str, Any]]:
    """The same, their properties alone, with every reference come to a value where that is known."""
    return [
        Resolver(short).value(resource.get("Properties", {}))
        for short, template in templates().items()
        for resource in template["Resources"].values()
        if resource["Type"] == kind and stack in {None, short}
    ]


@dataclass(frozen=True)
class Resolver:
    """Turns the intrinsic functions of one stack's template into values."""

    stack: str

    def value(self, given: Any) -> Any:  # noqa: ANN401 - JSON
        """The value with everything in it resolved."""
        if isinstance(given, list):
            return [self.value(each) for each in given]
        if not isinstance(given, dict):
            return given
        if len(given) == 1:
            ((function, argument),) = given.items()
            if function in {
                "Ref",
                "Fn::GetAtt",
                "Fn::ImportValue",
                "Fn::Join",
                "Fn::Select",
                "Fn::Split",
                "Fn::GetAZs",
            }:
                return getattr(self, f"_{function.removeprefix('Fn::').lower()}")(argument)
        return {name: self.value(each) for name, each in given.items()}

    def _ref(self, name: str) -> str:
        if name in PSEUDO or name in PARAMETERS:
            return {**PSEUDO, **PARAMETERS}[name]
        return _identity(name, self._resource(name), self)

    def _getatt(self, argument: list[str]) -> str:
        name, attribute = argument
        resource = self._resource(name)
        if attribute in {"TopicName", "QueueName", "TableName"}:
            return str(resource["Properties"][attribute])
        if resource["Type"] == "AWS::RDS::DBInstance":
            return {"DbiResourceId": "db-FRAUDSTREAM", "Endpoint.Address": "fraudstream.example"}[attribute]
        if attribute in {"Arn", "AppArn", "MlflowAppArn"}:
            return _arn(name, resource, self)
        return f"{name}.{attribute}"

    def _importvalue(self, export: str) -> str:
        for stack, template in templates().items():
            for output in template.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == export:
                    return str(Resolver(stack).value(output["Value"]))
        raise AssertionError(f"nothing exports {export}")

    def _join(self, argument: list[Any]) -> str:
        return str(argument[0]).join(str(each) for each in self.value(argument[1]))

    def _select(self, argument: list[Any]) -> Any:  # noqa: ANN401 - JSON
        return self.value(argument[1])[int(argument[0])]

    def _split(self, argument: list[Any]) -> list[str]:
        return str(self.value(argument[1])).split(argument[0])

    def _getazs(self, _: object) -> list[str]:
        return [f"{REGION}{letter}" for letter in "abcdef"]

    def _resource(self, name: str) -> Resource:
        found: Resource = templates()[self.stack]["Resources"][name]
        return found


def _arn(name: str, resource: Resource, resolver: Resolver) -> str:
    kind, given = resource["Type"], resource.get("Properties", {})
    regional = f"arn:aws:{kind.split('::')[1].lower()}:{REGION}:{ACCOUNT}"
    known = {
        "AWS::S3::Bucket": f"arn:aws:s3:::{name.lower()}",
        "AWS::MSK::Cluster": CLUSTER,
        "AWS::SQS::Queue": f"{regional}:{given.get('QueueName')}",
        "AWS::DynamoDB::Table": f"{regional}:table/{given.get('TableName')}",
        "AWS::Logs::LogGroup": f"{regional}:log-group:{resolver.value(given.get('LogGroupName', name))}:*",
        "AWS::ECR::Repository": f"{regional}:repository/{given.get('RepositoryName')}",
        "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{name}",
    }
    return known.get(kind, f"{regional}:{name}")


def _identity(name: str, resource: Resource, resolver: Resolver) -> str:
    kind, given = resource["Type"], resource.get("Properties", {})
    known = {
        "AWS::S3::Bucket": name.lower(),
        "AWS::SNS::Topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:{given.get('TopicName')}",
        "AWS::SQS::Queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{given.get('QueueName')}",
        "AWS::DynamoDB::Table": str(given.get("TableName")),
        "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}",
        "AWS::Logs::LogGroup": str(resolver.value(given.get("LogGroupName", name))),
    }
    return known.get(kind, name)


def policies() -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Each role's logical id with its stack and the statements that it has."""
    for stack in templates():
        for policy in of_type("AWS::IAM::Policy", stack).values():
            given = policy["Properties"]
            statements = Resolver(stack).value(given["PolicyDocument"]["Statement"])
            for role in given["Roles"]:
                yield role["Ref"], stack, statements


def statements_of(beginning: str, stack: str) -> list[dict[str, Any]]:
    """The statements of the one role whose logical id begins so."""
    found = [statements for role, where, statements in policies() if where == stack and role.startswith(beginning)]
    assert len(found) == 1, f"{len(found)} roles begin with {beginning}"
    return found[0]
