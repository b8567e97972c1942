"""Puts the stacks together: `python -m infra.app` writes a cloud assembly, as the CDK's command line wants it."""

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from infra.configuration import Configuration
from infra.stacks.alerting import alerting
from infra.stacks.apps import apps
from infra.stacks.database import database
from infra.stacks.encryption import encryption
from infra.stacks.images import images
from infra.stacks.lake import lake
from infra.stacks.mlops import mlops
from infra.stacks.network import network
from infra.stacks.observability import observability
from infra.stacks.scoring import scoring
from infra.stacks.stream import stream

SETTINGS = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/core:enablePartitionLiterals": True,
    "@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker": True,
    "@aws-cdk/aws-ecs:reduceRunTaskPermissions": True,
    "aws:cdk:enable-path-metadata": False,
    "aws:cdk:enable-asset-metadata": False,
}
"""How the CDK shall write templates: short policies, no notes of its own."""
DESCRIPTIONS = {
    "encryption": "one key for all data at rest",
    "images": "repositories of the container images",
    "network": "VPC, subnets, security groups",
    "stream": "MSK cluster with IAM authentication, and the topics",
    "lake": "buckets of archive, model files and work in progress",
    "database": "RDS for PostgreSQL with IAM authentication",
    "scoring": "EMR Serverless application of the scorer",
    "alerting": "alert function behind its event source mapping, SNS topic, table of what was sent",
    "mlops": "MLflow and the role of trainings",
    "apps": "services on ECS Fargate, and the task that migrates the database",
    "observability": "alarms and a budget",
}


def build(app: Any, configuration: Configuration) -> Mapping[str, Any]:  # noqa: ANN401 - the CDK is untyped here
    """Fill every stack of an app; returns them by their short names, in the order they are deployed in.

    All but its own stack know the key by its ARN alone: the CDK then writes who may use it into the policies of roles,
    and not into the key's, which would make a circle of stacks.
    """
    stacks = {name: _stack(app, configuration, name) for name in DESCRIPTIONS}
    made = encryption(stacks["encryption"], configuration)
    keys = {
        name: kms.Key.from_key_arn(stack, "Key", made.key_arn) for name, stack in stacks.items() if name != "encryption"
    }
    repositories = images(stacks["images"], configuration, keys["images"])
    net = network(stacks["network"], configuration, keys["network"])
    kafka = stream(stacks["stream"], configuration, net, keys["stream"])
    buckets = lake(stacks["lake"], configuration, keys["lake"])
    postgres = database(stacks["database"], configuration, net, keys["database"])
    scorer = scoring(stacks["scoring"], configuration, net, kafka, postgres, buckets, repositories, keys["scoring"])
    alerts = alerting(stacks["alerting"], configuration, kafka, repositories, keys["alerting"])
    mlops(stacks["mlops"], configuration, postgres, buckets, repositories, keys["mlops"])
    services = apps(stacks["apps"], configuration, net, kafka, postgres, buckets, alerts, repositories, keys["apps"])
    observability(
        stacks["observability"], configuration, kafka, postgres, alerts, scorer, services, keys["observability"]
    )
    cdk.Tags.of(app).add("project", configuration.name)
    return stacks


def make_app(*, outdir: str | None = None, context: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401
    """An app with every stack in it, not yet synthesised."""
    app = cdk.App(outdir=outdir, analytics_reporting=False, context={**SETTINGS, **(context or {})})
    build(app, Configuration.of(app.node))
    return app


def _stack(app: Any, configuration: Configuration, name: str) -> Any:  # noqa: ANN401 - the CDK is untyped here
    return cdk.Stack(
        app,
        f"{configuration.name}-{name}",
        description=f"fraudstream: {DESCRIPTIONS[name]}",
        synthesizer=cdk.DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )


if __name__ == "__main__":
    make_app().synth()
