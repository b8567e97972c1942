"""The event source mapping on AWS and the trigger that stands in for it elsewhere are set alike."""

import inspect
from typing import Any

import pytest
from tests.infra.templates import properties

from fraudstream.adapters.kafka import KafkaConsumer
from fraudstream.alerting import main
from fraudstream.alerting.trigger import TriggerPolicy
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS, TOPICS
from fraudstream.settings import AlertingSettings

TIMEOUT = AlertingSettings.model_fields["lambda_timeout_seconds"].default
POLICY = TriggerPolicy.outlasting(TIMEOUT)
(MAPPING,) = properties("AWS::Lambda::EventSourceMapping")
(FUNCTION,) = properties("AWS::Lambda::Function")
PARTITIONS = next(spec.partitions for spec in TOPICS if spec.name == ALERTS)
SAME: dict[str, tuple[Any, Any]] = {
    "topic": (MAPPING["Topics"], [ALERTS]),
    "consumer group": (MAPPING["AmazonManagedKafkaEventSourceConfig"]["ConsumerGroupId"], main.GROUP),
    "records in a batch": (MAPPING["BatchSize"], POLICY.batch_size),
    "seconds of the batching window": (MAPPING["MaximumBatchingWindowInSeconds"], POLICY.window),
    "retries of a failed invocation": (MAPPING["MaximumRetryAttempts"], POLICY.function_retries),
    "age at which a record is given up": (MAPPING.get("MaximumRecordAgeInSeconds"), POLICY.max_record_age),
    "halving": (MAPPING["BisectBatchOnFunctionError"], POLICY.bisect_after > 0),
    "answers record by record": (MAPPING["FunctionResponseTypes"], ["ReportBatchItemFailures"]),
    "where it ends": (MAPPING["DestinationConfig"]["OnFailure"]["Destination"], f"kafka://{FAILED_ALERTS}"),
    "where it begins": (
        MAPPING["StartingPosition"],
        "TRIM_HORIZON" if '"earliest"' in inspect.getsource(KafkaConsumer) else "LATEST",
    ),
    "seconds of an invocation": (FUNCTION["Timeout"], TIMEOUT),
    "pollers": (
        MAPPING["ProvisionedPollerConfig"],
        {"MinimumPollers": PARTITIONS, "MaximumPollers": PARTITIONS},
    ),
}


@pytest.mark.parametrize("setting", SAME)
def test_the_mapping_and_the_local_trigger_have_the_same(setting: str) -> None:
    on_aws, elsewhere = SAME[setting]

    assert on_aws == elsewhere


def test_every_setting_of_the_trigger_is_compared_or_has_no_counterpart() -> None:
    """`record_retries` and pauses are the service's own business; its payload limit is fixed."""
    ours = {"batch_size", "window", "function_retries", "bisect_after", "max_record_age"}

    assert set(TriggerPolicy.__dataclass_fields__) - ours == {
        "payload_limit",
        "record_retries",
        "first_pause",
        "longest_pause",
    }
