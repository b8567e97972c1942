"""Alarms on what must not stay as it is, and a budget; both tell one topic of the operator's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, CfnCondition, CfnParameter, Duration, Fn
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS, LABELS
from infra.configuration import Configuration
from infra.stacks.alerting import GROUP, Alerting
from infra.stacks.apps import Apps
from infra.stacks.database import Postgres
from infra.stacks.scoring import Scoring
from infra.stacks.stream import Stream

LABEL_GROUP = "fraudstream-label-applier"
SAYINGS = {
    "BreakerOpen": ("alert-relay", "further ones are held"),
    "LabelsFarBehind": ("label-applier", "labels are far behind"),
    "ArchiveGap": ("archiver", "raw records are missing from the archive"),
    "ScorerStandsStill": ("scorer", "positions stand still"),
}
"""Alarms on what a process says in its log, because the figure behind it is Prometheus's."""
SHARES = (80, 100)
"""Percent of the month's budget at which somebody is told."""


@dataclass(frozen=True)
class Watched:
    """A metric, and when it is too high (or, with `low`, too low)."""

    name: str
    metric: Any
    limit: float
    periods: int = 3
    low: bool = False
    missing_is_bad: bool = False


def observability(
    stack: Any,
    configuration: Configuration,
    kafka: Stream,
    postgres: Postgres,
    alerts: Alerting,
    scorer: Scoring,
    services: Apps,
    key: Any,
) -> None:
    """Make the operator's topic, alarms and budget."""
    topic = sns.Topic(stack, "Operator", topic_name=f"{configuration.name}-operator", master_key=key, enforce_ssl=True)
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
        )
    )
    address = CfnParameter(
        stack, "OperatorEmail", type="String", default="", description="who hears of alarms and costs; nobody if empty"
    )
    given = CfnCondition(
        stack, "OperatorIsGiven", expression=Fn.condition_not(Fn.condition_equals(address.value_as_string, ""))
    )
    mail = sns.CfnSubscription(
        stack, "OperatorMail", topic_arn=topic.topic_arn, protocol="email", endpoint=address.value_as_string
    )
    mail.cfn_options.condition = given
    tell = actions.SnsAction(topic)
    watched = (
        *_of_the_stream(configuration, kafka), *_of_the_alerts(alerts), *_of_the_database(postgres),
        *_of_the_services(configuration, services), *_of_the_logs(stack, configuration, scorer, services),
    )  # fmt: skip
    for each in watched:
        _alarm(stack, configuration, each, tell)
    _scorer_ended(stack, scorer, topic)
    _budget(stack, configuration, address, given)


def _of_the_stream(configuration: Configuration, kafka: Stream) -> Iterator[Watched]:
    cluster = {"Cluster Name": kafka.name}
    for name, group, topic in (("AlertLag", GROUP, ALERTS), ("LabelLag", LABEL_GROUP, LABELS)):
        consumer = {**cluster, "Consumer Group": group, "Topic": topic}
        yield Watched(name, _metric("AWS/Kafka", "SumOffsetLag", consumer), limit=10_000)
    age = {**cluster, "Consumer Group": GROUP, "Topic": ALERTS}
    yield Watched("AlertAge", _metric("AWS/Kafka", "EstimatedMaxTimeLag", age), limit=60)
    yield Watched("PartitionsOffline", _metric("AWS/Kafka", "OfflinePartitionsCount", cluster), limit=0)
    for broker in range(1, configuration.zones + 1):
        one = {**cluster, "Broker ID": str(broker)}
        yield Watched(f"Broker{broker}Disk", _metric("AWS/Kafka", "KafkaDataLogsDiskUsed", one), limit=80)
        parked = {**one, "Topic": FAILED_ALERTS}
        yield Watched(
            f"AlertsParkedOnBroker{broker}", _metric("AWS/Kafka", "MessagesInPerSec", parked), limit=0, periods=1
        )


def _of_the_alerts(alerts: Alerting) -> Iterator[Watched]:
    function = {"FunctionName": alerts.function.function_name}
    yield Watched("FunctionErrors", _metric("AWS/Lambda", "Errors", function, statistic="Sum"), limit=0)
    yield Watched("FunctionThrottles", _metric("AWS/Lambda", "Throttles", function, statistic="Sum"), limit=0)
    queue = {"QueueName": alerts.undeliverable.queue_name}
    waiting = _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", queue)
    yield Watched("NotificationsUndeliverable", waiting, limit=0, periods=1)


def _of_the_database(postgres: Postgres) -> Iterator[Watched]:
    instance = {"DBInstanceIdentifier": postgres.instance.instance_identifier}
    yield Watched("DatabaseCpu", _metric("AWS/RDS", "CPUUtilization", instance), limit=85, periods=5)
    room = _metric("AWS/RDS", "FreeStorageSpace", instance, statistic="Minimum")
    yield Watched("DatabaseRoom", room, limit=10 * 1024**3, low=True)


def _of_the_services(configuration: Configuration, services: Apps) -> Iterator[Watched]:
    for name in services.services:
        one = {"ClusterName": configuration.name, "ServiceName": name}
        running = _metric("ECS/ContainerInsights", "RunningTaskCount", one, statistic="Minimum")
        title = "".join(word.capitalize() for word in name.split("-"))
        yield Watched(f"{title}Down", running, limit=1, periods=5, low=True, missing_is_bad=True)
    started = {"RuleName": services.retention.rule_name}
    failed = _metric("AWS/Events", "FailedInvocations", started, statistic="Sum")
    yield Watched("RetentionNotStarted", failed, limit=0, periods=1)


def _of_the_logs(stack: Any, configuration: Configuration, scorer: Scoring, services: Apps) -> Iterator[Watched]:
    groups: Mapping[str, Any] = {**services.log_groups, "scorer": scorer.log_group}
    for name, (process, saying) in SAYINGS.items():
        logs.MetricFilter(
            stack,
            f"{name}Said",
            log_group=groups[process],
            filter_pattern=logs.FilterPattern.any_term(saying),
            metric_namespace=configuration.name,
            metric_name=name,
            default_value=0,
        )
        yield Watched(name, _metric(configuration.name, name, {}, statistic="Sum"), limit=0, periods=1)


def _metric(namespace: str, name: str, dimensions: Mapping[str, str], *, statistic: str = "Maximum") -> Any:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dict(dimensions),
        period=Duration.minutes(1),
        statistic=statistic,
    )


def _alarm(stack: Any, configuration: Configuration, watched: Watched, tell: Any) -> None:
    beyond = cloudwatch.ComparisonOperator
    missing = cloudwatch.TreatMissingData
    alarm = cloudwatch.Alarm(
        stack,
        watched.name,
        alarm_name=f"{configuration.name}-{watched.name}",
        metric=watched.metric,
        threshold=watched.limit,
        evaluation_periods=watched.periods,
        comparison_operator=beyond.LESS_THAN_THRESHOLD if watched.low else beyond.GREATER_THAN_THRESHOLD,
        treat_missing_data=missing.BREACHING if watched.missing_is_bad else missing.NOT_BREACHING,
    )
    alarm.add_alarm_action(tell)
    alarm.add_ok_action(tell)


def _scorer_ended(stack: Any, scorer: Scoring, topic: Any) -> None:
    """A streaming job has no good end."""
    events.Rule(
        stack,
        "ScorerEnded",
        description="the scorer's job ended",
        event_pattern=events.EventPattern(
            source=["aws.emr-serverless"],
            detail_type=["EMR Serverless Job Run State Change"],
            detail={"applicationId": [scorer.application_id], "state": ["FAILED", "CANCELLED", "SUCCESS"]},
        ),
        targets=[targets.SnsTopic(topic)],
    )


def _budget(stack: Any, configuration: Configuration, address: Any, given: Any) -> None:
    """What the deployment may cost in a month, by its tag, which must be activated once as a cost allocation tag."""
    most = CfnParameter(stack, "MonthlyBudget", type="Number", default=1_000, min_value=1, description="in USD")
    told = [
        budgets.CfnBudget.NotificationWithSubscribersProperty(
            notification=budgets.CfnBudget.NotificationProperty(
                comparison_operator="GREATER_THAN", notification_type="ACTUAL", threshold=share
            ),
            subscribers=[
                budgets.CfnBudget.SubscriberProperty(address=address.value_as_string, subscription_type="EMAIL")
            ],
        )
        for share in SHARES
    ]
    budget = budgets.CfnBudget(
        stack,
        "Budget",
        budget=budgets.CfnBudget.BudgetDataProperty(
            budget_name=configuration.name,
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=budgets.CfnBudget.SpendProperty(amount=most.value_as_number, unit="USD"),
            cost_filters={"TagKeyValue": [f"user:project${configuration.name}"]},
        ),
        notifications_with_subscribers=told,
    )
    budget.cfn_options.condition = given
