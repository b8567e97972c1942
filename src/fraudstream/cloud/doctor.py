"""Says as whom and where everything would be called, refuses a mix of emulator and AWS, and then tries each."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from fraudstream.adapters.aws.bucket import bucket_exists
from fraudstream.adapters.aws.calls import s3_client
from fraudstream.adapters.aws.target import Target, caller_identity, find_target, look_at_function, look_at_topic
from fraudstream.adapters.database.login import server_of, try_login
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.adapters.kafka.security import described
from fraudstream.cloud.places import Side, looks_real, region_in, side_of
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import FraudstreamError
from fraudstream.local.doctor import print_findings
from fraudstream.local.findings import Finding, Severity
from fraudstream.settings import (
    AlertingSettings,
    ArchiveSettings,
    DatabaseAuth,
    DatabaseSettings,
    KafkaSettings,
    RegistrySettings,
    SaslMechanism,
)

BAD = 2
"""Exit status where something does not fit."""


@dataclass(frozen=True)
class Addressed:
    """One thing that a setting leads to: where it is, how it is reached, and whether AWS's region is part of that."""

    variable: str
    host: str
    seen: str
    signed: bool = False


def look_at_aws() -> int:
    """Print what is found; returns the exit status, 2 where something does not fit or does not answer."""
    findings = examine()
    problems = [finding.subject for finding in findings if finding.severity is Severity.PROBLEM]
    conclusion = f"first mend {', '.join(dict.fromkeys(problems))}" if problems else "everything fits together"
    return BAD if print_findings(findings, conclusion) else 0


def examine() -> list[Finding]:
    """Look at everything; where emulator and AWS are mixed, nothing is called."""
    try:
        target = find_target()
    except FraudstreamError as error:
        return [_problem("AWS", str(error))]
    addressed, findings = _addressed()
    findings = [*_where(target), *findings, *(Finding(Severity.FINE, each.variable, each.seen) for each in addressed)]
    mixed = list(mixed_up(target, addressed))
    if mixed:
        return [*findings, *mixed]
    return [*findings, *_tried({each.variable for each in addressed})]


def mixed_up(target: Target, addressed: Sequence[Addressed]) -> Iterator[Finding]:
    """What must not be used together: a finding for each."""
    sides = {service: side_of(_host(endpoint)) for service, endpoint in target.endpoints.items()}
    to_aws = [service for service, side in sides.items() if side is Side.AWS]
    if to_aws and len(to_aws) < len(sides):
        elsewhere = ", ".join(service for service in sides if service not in to_aws)
        step = "unset AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_* for AWS, or set AWS_ENDPOINT_URL for all"
        yield _problem("endpoints", f"{', '.join(to_aws)} would go to AWS, {elsewhere} would not", step)
    real = looks_real(target.access_key) or not target.written_down
    if not to_aws and real:
        step = "unset AWS_ENDPOINT_URL to talk to AWS, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to `test`"
        yield _problem("credentials", "look real, and would be sent to an endpoint that is not AWS's", step)
    if to_aws and not real:
        step = "set AWS_ENDPOINT_URL to the emulator's address, or AWS_PROFILE to real ones"
        yield _problem("credentials", f"the access key {target.access_key} is a made-up one, which AWS refuses", step)
    if to_aws and not target.known_region:
        yield _problem("region", f"AWS has no region {target.region}", "correct AWS_DEFAULT_REGION")
    for each in addressed:
        yield from _out_of_place(each, target.region, on_aws=bool(to_aws))


def _out_of_place(each: Addressed, region: str, *, on_aws: bool) -> Iterator[Finding]:
    side, elsewhere = side_of(each.host), region_in(each.host)
    if on_aws and side is Side.LOCAL:
        step = f"set {each.variable} to the one on AWS, or AWS_ENDPOINT_URL to an emulator"
        yield _problem(each.variable, f"{each.host} is {side}, while AWS's own services would be called", step)
    elif not on_aws and side is Side.AWS:
        step = f"unset AWS_ENDPOINT_URL, or set {each.variable} to a server beside the emulator"
        yield _problem(each.variable, f"{each.host} is on AWS, while an emulator would be called", step)
    elif each.signed and elsewhere not in {None, region}:
        seen = f"is in {elsewhere}, but tokens would be signed for {region}"
        yield _problem(each.variable, seen, f"set AWS_DEFAULT_REGION={elsewhere}")


def _where(target: Target) -> Iterator[Finding]:
    yield Finding(Severity.FINE, "region", target.region)
    yield Finding(Severity.FINE, "credentials", f"access key {target.access_key}, from {target.source}")
    by_endpoint: dict[str, list[str]] = {}
    for service, endpoint in target.endpoints.items():
        by_endpoint.setdefault(endpoint, []).append(service)
    for endpoint, services in by_endpoint.items():
        yield Finding(Severity.FINE, "endpoint", f"{endpoint} for {', '.join(services)}")


def _addressed() -> tuple[list[Addressed], list[Finding]]:
    """What the settings lead to, and a finding for each that leads nowhere."""
    found: list[Addressed] = []
    findings: list[Finding] = []
    for subject, read in (("Kafka", _kafka), ("database", _database), ("MLflow", _registry)):
        try:
            found.append(read())
        except FraudstreamError as error:
            findings.append(_problem(subject, str(error)))
    return found, findings


def _kafka() -> Addressed:
    settings = KafkaSettings.load()
    first = settings.kafka_bootstrap_servers.split(",")[0]
    return Addressed(
        "KAFKA_BOOTSTRAP_SERVERS",
        urlsplit(f"//{first}").hostname or "",
        f"{settings.kafka_bootstrap_servers} over {described(settings)}",
        signed=settings.kafka_sasl_mechanism is SaslMechanism.AWS_MSK_IAM,
    )


def _database() -> Addressed:
    settings = DatabaseSettings.load()
    host, port = server_of(settings.database_url.get_secret_value())
    verified = ", certificate verified" if settings.database_ca_file else ""
    seen = f"{host}:{port} by {settings.database_auth}{verified}"
    return Addressed("DATABASE_URL", host, seen, signed=settings.database_auth is DatabaseAuth.IAM)


def _registry() -> Addressed:
    uri = RegistrySettings.load().mlflow_tracking_uri
    parts = urlsplit(uri)
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if parts.netloc else uri
    return Addressed("MLFLOW_TRACKING_URI", uri if uri.startswith("arn:") else parts.hostname or "", shown)


def _tried(variables: Collection[str]) -> Iterator[Finding]:
    alerting, bucket = AlertingSettings.load(), ArchiveSettings.load().archive_bucket
    yield _try("caller", lambda: "{} in account {}".format(*caller_identity()))
    yield _try("S3", lambda: _bucket(bucket))
    if alerting.alerts_topic_arn:
        arn = alerting.alerts_topic_arn
        yield _try("SNS", lambda: look_at_topic(arn))
    else:
        yield Finding(Severity.NOTE, "SNS", "ALERTS_TOPIC_ARN is not set", "whoever publishes or provisions needs it")
    if alerting.alert_function_name:
        name = alerting.alert_function_name
        yield _try("Lambda", lambda: look_at_function(name))
    else:
        yield Finding(Severity.NOTE, "Lambda", "ALERT_FUNCTION_NAME is not set", "the trigger runs the function itself")
    if "KAFKA_BOOTSTRAP_SERVERS" in variables:
        yield _try("Kafka", _topic)
    if "DATABASE_URL" in variables:
        yield _try("database", _login)


def _bucket(name: str) -> str:
    if not bucket_exists(name, s3_client()):
        raise FraudstreamError(f"there is no bucket {name}: look at ARCHIVE_BUCKET, or create it")
    return f"bucket {name} is there"


def _topic() -> str:
    described_topic = KafkaAdmin(KafkaSettings.load()).describe(TRANSACTIONS)
    return f"topic {TRANSACTIONS} is there, with {len(described_topic.bounds)} partitions"


def _login() -> str:
    login = try_login(DatabaseSettings.load().database_url.get_secret_value())
    return f"lets {login.role} in, {'encrypted' if login.encrypted else 'not encrypted'}"


def _try(subject: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(Severity.FINE, subject, look())
    except FraudstreamError as error:
        return _problem(subject, str(error))


def _problem(subject: str, seen: str, next_step: str = "") -> Finding:
    return Finding(Severity.PROBLEM, subject, seen, next_step)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
