"""Looks at the servers that the environment names: do they answer, let us in, and hold what they must."""

import socket
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from fraudstream.errors import FraudstreamError
from fraudstream.local.compose_findings import stack_servers
from fraudstream.local.findings import Finding, Severity
from fraudstream.local.ports import LOOPBACK
from fraudstream.settings import DatabaseSettings, KafkaSettings, RegistrySettings

CONNECT_TIMEOUT = 3.0
"""Seconds to wait for a server that the environment names."""
SKEW = 2.0
"""Seconds by which two clocks may differ before latencies, which span both, say nothing."""
KAFKA, DATABASE, REGISTRY = "KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "MLFLOW_TRACKING_URI"
MIGRATE = "`fraudstream migrate` brings it there"


def server_findings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """For each server that is named, whether it answers. Never raises."""
    places: tuple[tuple[str, Callable[[str], tuple[str, int]]], ...] = (
        (KAFKA, lambda value: _host_and_port("//" + value.split(",")[0], 9092)),
        (DATABASE, lambda value: _host_and_port(value, 5432)),
        (REGISTRY, lambda value: _host_and_port(value, 5000)),
        ("AWS_ENDPOINT_URL", lambda value: _host_and_port(value, 443)),
    )
    ours = stack_servers(environment)
    for variable, place in places:
        value = environment.get(variable)
        if not value:
            continue
        try:
            host, port = place(value)
        except ValueError:
            yield Finding(Severity.PROBLEM, variable, "is no address of a server", f"correct {variable}")
        else:
            yield _reachable(variable, host, port, ours.get(port) if host in {LOOPBACK, "localhost"} else None)


def content_findings(answering: frozenset[str]) -> Iterator[Finding]:
    """What the servers of this process's environment hold; `answering` are the variables of those that answer."""
    if DATABASE in answering:
        yield from _tried("database", schema_findings)
    if KAFKA in answering:
        yield from _tried("topics", topic_findings)
    if REGISTRY in answering:
        yield from _tried("models", model_findings)


def schema_findings() -> Iterator[Finding]:
    """Who we are there, whether the schema is ours, and whose clock is right."""
    from fraudstream.adapters.database.schema_look import look_at_schema  # noqa: PLC0415 - only where there is one

    found = look_at_schema(DatabaseSettings.load().database_url.get_secret_value())
    seen = f"PostgreSQL {found.server_version} lets {found.role} in"
    yield Finding(Severity.FINE, "database", seen)
    if not found.migrated:
        yield Finding(Severity.PROBLEM, "migrations", "the database has no tables of ours", MIGRATE)
    elif found.revision is None:
        yield Finding(Severity.NOTE, "migrations", f"{found.role} may not see which", "look as the schema's owner")
    elif found.revision < found.newest:
        seen = f"the database is at {found.revision}, this version needs {found.newest}"
        yield Finding(Severity.PROBLEM, "migrations", seen, MIGRATE)
    elif found.revision > found.newest:
        seen = f"the database is at {found.revision}, newer than the {found.newest} that this version knows"
        yield Finding(Severity.NOTE, "migrations", seen, "an older version works on it; install the newer one in time")
    else:
        yield Finding(Severity.FINE, "migrations", f"{found.revision}, the newest")
    yield clock_finding("the database's clock", found.clock_ahead)


def clock_finding(whose: str, ahead: float) -> Finding:
    """Whether a clock agrees with ours; `ahead` in seconds, negative where it is behind."""
    if abs(ahead) <= SKEW:
        return Finding(Severity.FINE, "clock", f"{whose} agrees with this machine's to {SKEW:.0f} s")
    side = "ahead of" if ahead > 0 else "behind"
    step = "set both from the network (`sudo timedatectl set-ntp true`); until then latencies are wrong"
    return Finding(Severity.NOTE, "clock", f"{whose} is {abs(ahead):,.0f} s {side} this machine's", step)


def topic_findings() -> Iterator[Finding]:
    """Whether every topic is there."""
    from fraudstream.adapters.kafka import KafkaAdmin  # noqa: PLC0415 - only where there is a broker
    from fraudstream.contracts.topics import TOPICS  # noqa: PLC0415 - same
    from fraudstream.errors import ConfigurationError  # noqa: PLC0415 - same

    admin = KafkaAdmin(KafkaSettings.load())
    missing, there = [], []
    for spec in TOPICS:
        try:
            there.append(f"{spec.name} ({len(admin.describe(spec.name).bounds)})")
        except ConfigurationError as error:
            if "there is no topic" not in str(error):
                raise
            missing.append(spec.name)
    if missing:
        step = "`fraudstream migrate` creates them"
        yield Finding(Severity.PROBLEM, "topics", f"the broker has no {', '.join(missing)}", step)
    if there:
        yield Finding(Severity.FINE, "topics", ", ".join(there))


def model_findings() -> Iterator[Finding]:
    """Whether the registry has a model."""
    from fraudstream.adapters.model_registry import MlflowRegistry  # noqa: PLC0415 - takes seconds

    newest = MlflowRegistry(RegistrySettings.load()).find()
    yield Finding(Severity.FINE, "models", f"version {newest.version} is the newest in the registry")


def _tried(subject: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except FraudstreamError as error:
        yield Finding(Severity.PROBLEM, subject, str(error))


def _host_and_port(url: str, default: int) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or default


def _reachable(variable: str, host: str, port: int, service: str | None) -> Finding:
    """Whether something listens there; `service` is the one of the compose stack whose port it is."""
    if not host:
        return Finding(Severity.NOTE, variable, "names no server", "a file or an in-process store; nothing to reach")
    try:
        socket.create_connection((host, port), CONNECT_TIMEOUT).close()
    except (OSError, ValueError) as error:
        start = f"`make up` starts it, with the stack's `{service}`" if service else "start it"
        step = f"{start}, or correct {variable}; `make demo` starts and sets everything by itself"
        return Finding(Severity.PROBLEM, variable, f"{host}:{port} does not answer: {_cause(error, host)}", step)
    return Finding(Severity.FINE, variable, f"{host}:{port} answers")


def _cause(error: Exception, host: str) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the server is stopped, nothing listens there"
    if isinstance(error, TimeoutError):
        return f"the server is stopped or out of reach, nothing came within {CONNECT_TIMEOUT:.0f} s"
    if isinstance(error, socket.gaierror):
        return f"there is no host {host}"
    return str(error)
