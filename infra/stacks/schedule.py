"""A task that runs once a day: EventBridge starts it, and may start nothing else."""

from typing import Any

from aws_cdk import CfnCondition, Duration, Fn
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets

from infra.configuration import Configuration
from infra.stacks.network import Network

HOUR, MINUTE = "3", "17"
"""In UTC."""
RETRIES = 3
LATEST = Duration.hours(2)


def daily(stack: Any, configuration: Configuration, net: Network, cluster: Any, task: Any, copies: Any) -> Any:
    """Make the rule that starts the task of retention, which is off while no service runs; returns it."""
    rule = events.Rule(
        stack,
        "RetentionDaily",
        rule_name=f"{configuration.name}-retention",
        description="deletes what was kept for long enough, once a day",
        schedule=events.Schedule.cron(hour=HOUR, minute=MINUTE),
        targets=[
            targets.EcsTask(
                cluster=cluster,
                task_definition=task,
                assign_public_ip=False,
                security_groups=[net.clients],
                subnet_selection=net.subnets,
                platform_version=ecs.FargatePlatformVersion.LATEST,
                propagate_tags=ecs.PropagatedTagSource.TASK_DEFINITION,
                retry_attempts=RETRIES,
                max_event_age=LATEST,
            )
        ],
    )
    runs = CfnCondition(stack, "RetentionRuns", expression=Fn.condition_equals(copies.value_as_number, 1))
    state = Fn.condition_if(runs.logical_id, "ENABLED", "DISABLED")
    rule.node.default_child.add_property_override("State", state)
    return rule
