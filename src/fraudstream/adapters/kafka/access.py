"""Who may do what in a broker that asks for names: a principal for each process, with what its work needs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from fraudstream.adapters.kafka.connection import Refusals
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS, LABELS, QUARANTINE, TOPICS, TRANSACTIONS
from fraudstream.errors import ConfigurationError
from fraudstream.settings import KafkaSettings

REQUEST_TIMEOUT = 20.0
"""Seconds an administrative request may take."""
ITERATIONS = 8_192
"""Rounds of SCRAM's hash; 4,096 is the least."""
READER_GROUP = "fraudstream-reader"
EVERYTHING = tuple(spec.name for spec in TOPICS)


@dataclass(frozen=True)
class Access:
    """Topics that a principal reads and writes, and groups it reads as; `*` at a group's end stands for anything."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


PRINCIPALS: Mapping[str, Access] = {
    "producer": Access(writes=(TRANSACTIONS, LABELS)),
    "scorer": Access(reads=(TRANSACTIONS,), groups=("spark-kafka-*",)),
    "label-applier": Access(reads=(LABELS,), groups=("fraudstream-label-applier",)),
    "alert-relay": Access(writes=(ALERTS, QUARANTINE, LABELS)),
    "lambda-trigger": Access(reads=(ALERTS,), writes=(FAILED_ALERTS,), groups=("fraudstream-alert-lambda",)),
    "alert-channels": Access(reads=(ALERTS,), groups=("fraudstream-channel-*",)),
    "archiver": Access(reads=(TRANSACTIONS,)),
    "observer": Access(reads=(TRANSACTIONS,)),
    "retention": Access(reads=(TRANSACTIONS,)),
    "analyst-api": Access(reads=(LABELS,), writes=(LABELS,)),
    "dashboard": Access(reads=(TRANSACTIONS, LABELS), writes=(TRANSACTIONS, LABELS)),
    "operator": Access(reads=EVERYTHING, writes=(TRANSACTIONS, LABELS, ALERTS)),
    "verify": Access(reads=EVERYTHING),
}
"""Whatever is not here is refused by a broker whose `allow.everyone.if.no.acl.found` is false, as it is by default."""


def ensure_access(settings: KafkaSettings, passwords: Mapping[str, str]) -> None:
    """Make these principals as SCRAM-SHA-512 users with these passwords, and give each of them its rights.

    What was given by hand besides is left alone: `kafka-acls.sh --list` shows it.

    Args:
        settings: of a principal that may alter the cluster.
        passwords: by principal; all of `PRINCIPALS`.

    Raises:
        ConfigurationError: the broker refuses, or has no authorizer.
    """
    refusals = Refusals(settings, "making principals")
    admin = refusals.client(AdminClient)
    credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    users = [UserScramCredentialUpsertion(name, credential, passwords[name].encode()) for name in PRINCIPALS]
    wanted = list(dict.fromkeys(binding for name, access in PRINCIPALS.items() for binding in _bindings(name, access)))
    try:
        for done in admin.alter_user_scram_credentials(users, request_timeout=REQUEST_TIMEOUT).values():
            done.result(REQUEST_TIMEOUT)
        for done in admin.create_acls(wanted, request_timeout=REQUEST_TIMEOUT).values():
            done.result(REQUEST_TIMEOUT)
    except KafkaException as error:
        raise ConfigurationError(
            f"the broker gave no rights: {error.args[0].str()}. It needs authorizer.class.name, and the principal in "
            "KAFKA_SASL_USERNAME must be one of its super.users"
        ) from error


def _bindings(name: str, access: Access) -> Iterator[AclBinding]:
    for topic in access.reads:
        for operation in (AclOperation.READ, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS):
            yield _binding(name, ResourceType.TOPIC, topic, operation)
    for topic in access.writes:
        for operation in (AclOperation.WRITE, AclOperation.DESCRIBE):
            yield _binding(name, ResourceType.TOPIC, topic, operation)
    for group in (READER_GROUP, *access.groups):
        yield _binding(name, ResourceType.GROUP, group, AclOperation.READ)


def _binding(name: str, kind: ResourceType, resource: str, operation: AclOperation) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if resource.endswith("*") else ResourcePatternType.LITERAL
    allowed = AclPermissionType.ALLOW
    return AclBinding(kind, resource.removesuffix("*"), pattern, f"User:{name}", "*", operation, allowed)
