"""Alerts: the function behind its event source mapping, what it publishes to, and where it remembers what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, CfnCondition, CfnOutput, CfnParameter, Duration, Fn, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs

from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS
from infra.configuration import Configuration
from infra.stacks.expiring_table import expiring_table
from infra.stacks.images import ALERT, image_tag
from infra.stacks.stream import Stream

GROUP = "fraudstream-alert-lambda"
TIMEOUT = 30
MEMORY_MIB = 512
BATCH_SIZE = 100
WINDOW = 0
RETRIES = 9
POLLERS = 1
"""As many as the topic has partitions: more would have nothing to do."""
DELIVERIES = 5
VISIBILITY = 30
EXPIRY = "expiration"


@dataclass(frozen=True)
class Alerting:
    """What is published to, and by what."""

    function: Any
    topic: Any
    queue: Any
    undeliverable: Any


def alerting(
    stack: Any,
    configuration: Configuration,
    kafka: Stream,
    repositories: Mapping[str, Any],
    key: Any,
) -> Alerting:
    """Make the whole alert path from the topic of alerts to the queue of the first subscriber."""
    topic = sns.Topic(stack, "Alerts", topic_name=f"{configuration.name}-alerts", master_key=key, enforce_ssl=True)
    table = expiring_table(stack, "Sent", name=f"{configuration.name}-alert-idempotency", expiry=EXPIRY, key=key)
    function = _function(stack, configuration, repositories, key, topic, table)
    _feed(function, kafka)
    queue, undeliverable = _subscriber(stack, configuration, key, topic)
    _email(stack, topic)
    CfnOutput(stack, "AlertsTopicArn", value=topic.topic_arn)
    CfnOutput(stack, "AlertFunctionName", value=function.function_name)
    return Alerting(function, topic, queue, undeliverable)


def _function(
    stack: Any,
    configuration: Configuration,
    repositories: Mapping[str, Any],
    key: Any,
    topic: Any,
    table: Any,
) -> Any:
    tag = image_tag(stack)
    function = lambda_.DockerImageFunction(
        stack,
        "Function",
        function_name=f"{configuration.name}-alert",
        description="publishes each alert once",
        code=lambda_.DockerImageCode.from_ecr(repositories[ALERT], tag_or_digest=tag.value_as_string),
        timeout=Duration.seconds(TIMEOUT),
        memory_size=MEMORY_MIB,
        environment={
            "ALERTS_TOPIC_ARN": topic.topic_arn,
            "IDEMPOTENCY_TABLE": table.table_name,
            "POWERTOOLS_SERVICE_NAME": f"{configuration.name}-alert",
            "POWERTOOLS_LOG_LEVEL": "INFO",
        },
        environment_encryption=key,
        log_group=logs.LogGroup(
            stack,
            "FunctionLogs",
            log_group_name=f"/{configuration.name}/alert-lambda",
            encryption_key=key,
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        ),
        role=iam.Role(
            stack,
            "FunctionRole",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="the alert function and the pollers of its mapping",
        ),
    )
    topic.grant_publish(function)
    table.grant(function, "dynamodb:BatchWriteItem", "dynamodb:PutItem")
    key.grant_encrypt_decrypt(function)
    stack.node.find_child("FunctionLogs").grant_write(function)
    rights = function.role.node.find_child("DefaultPolicy").node.default_child
    function.node.default_child.add_override("DependsOn", [stack.get_logical_id(rights)])
    return function


def _feed(function: Any, kafka: Stream) -> None:
    """The event source mapping: what `fraudstream lambda-trigger` stands in for elsewhere, with the same settings."""
    function.add_event_source(
        sources.ManagedKafkaEventSource(
            cluster_arn=kafka.arn,
            topic=ALERTS,
            consumer_group_id=GROUP,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=BATCH_SIZE,
            max_batching_window=Duration.seconds(WINDOW),
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            retry_attempts=RETRIES,
            on_failure=sources.KafkaDlq(FAILED_ALERTS),
            provisioned_poller_config=sources.ProvisionedPollerConfig(minimum_pollers=POLLERS, maximum_pollers=POLLERS),
        )
    )
    kafka.grant(function.role, reads=[ALERTS], writes=[FAILED_ALERTS], groups=[GROUP])
    function.add_to_role_policy(
        iam.PolicyStatement(actions=["kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"], resources=[kafka.arn])
    )
    function.add_to_role_policy(_pollers_in_the_vpc())


def _pollers_in_the_vpc() -> Any:
    """What a mapping of MSK needs to reach the cluster's subnets; these calls know no resources."""
    calls = ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface", "DescribeVpcs",
             "DescribeSubnets", "DescribeSecurityGroups")  # fmt: skip
    return iam.PolicyStatement(actions=[f"ec2:{call}" for call in calls], resources=["*"])


def _subscriber(stack: Any, configuration: Configuration, key: Any, topic: Any) -> tuple[Any, Any]:
    """The queue of the notification inbox, the witness of what arrived."""
    name = f"{configuration.name}-notifications"
    common = {
        "encryption_master_key": key,
        "enforce_ssl": True,
        "removal_policy": RemovalPolicy.DESTROY,
        "retention_period": Duration.days(14),
    }
    undeliverable = sqs.Queue(stack, "Undeliverable", queue_name=f"{name}-undeliverable", **common)
    queue = sqs.Queue(
        stack,
        "Notifications",
        queue_name=name,
        visibility_timeout=Duration.seconds(VISIBILITY),
        dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=DELIVERIES, queue=undeliverable),
        **common,
    )
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("sns.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": topic.topic_arn}},
        )
    )
    sns.CfnSubscription(
        stack,
        "NotificationsSubscription",
        topic_arn=topic.topic_arn,
        protocol="sqs",
        endpoint=queue.queue_arn,
        raw_message_delivery=True,
        region=Aws.REGION,
    )
    return queue, undeliverable


def _email(stack: Any, topic: Any) -> None:
    address = CfnParameter(
        stack, "AlertEmail", type="String", default="", description="who gets alerts by mail; nobody if empty"
    )
    given = CfnCondition(
        stack, "MailIsWanted", expression=Fn.condition_not(Fn.condition_equals(address.value_as_string, ""))
    )
    subscription = sns.CfnSubscription(
        stack, "MailSubscription", topic_arn=topic.topic_arn, protocol="email", endpoint=address.value_as_string
    )
    subscription.cfn_options.condition = given
