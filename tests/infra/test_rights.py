"""Each role of the templates may do what its process does, and nothing else: our own calls, with policies enforced."""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from hashlib import sha256

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.infra.account import Account, an_account
from tests.infra.templates import ACCOUNT, CLUSTER, REGION, Resolver, of_type, statements_of
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.aws.objects import S3Objects
from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.aws.score_table import DynamoDbScoreTable
from fraudstream.adapters.aws.sent_alerts import DynamoDbSentAlerts
from fraudstream.adapters.database.roles import Role
from fraudstream.alerting.message import notification_of
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS, LABELS, QUARANTINE, TOPICS, TRANSACTIONS
from fraudstream.errors import ConfigurationError
from fraudstream.ports.score_copies import LogPlace

ROLES = {
    "alert function": ("FunctionRole", "alerting"),
    "archiver": ("ArchiverTaskRole", "apps"),
    "inbox": ("NotificationInboxTaskRole", "apps"),
    "relay": ("AlertRelayTaskRole", "apps"),
    "label applier": ("LabelApplierTaskRole", "apps"),
    "live quality": ("LiveQualityTaskRole", "apps"),
    "analyst": ("AnalystApiTaskRole", "apps"),
    "observer": ("ObserverTaskRole", "apps"),
    "projector": ("DynamodbProjectorTaskRole", "apps"),
    "channels": ("AlertChannelsTaskRole", "apps"),
    "retention": ("RetentionTaskRole", "apps"),
    "migrations": ("MigrationsTaskRole", "apps"),
    "scorer": ("Role", "scoring"),
    "trainer": ("TrainingRole", "mlops"),
}
TABLE, TOPIC, QUEUE = "fraudstream-alert-idempotency", "fraudstream-alerts", "fraudstream-notifications"
SCORES = "fraudstream-scores"
ARCHIVE, MODELS, WORK = (next(n.lower() for n in of_type("AWS::S3::Bucket") if n.startswith(kind))
                         for kind in ("Archive", "Models", "Work"))  # fmt: skip
Call = Callable[[Account, dict[str, str]], object]


def refused() -> AbstractContextManager[object]:
    return pytest.raises((ClientError, ConfigurationError), match=r"(?i)denied|authoriz")


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    """Every role of the templates, and what they are about; policies count."""
    with an_account() as made:
        made.client("sns").create_topic(Name=TOPIC)
        for queue in (QUEUE, "of-somebody-else"):
            made.client("sqs").create_queue(QueueName=queue)
        for table in (TABLE, SCORES, "of-somebody-else"):
            made.client("dynamodb").create_table(
                TableName=table,
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        for bucket in (ARCHIVE, MODELS, WORK):
            made.client("s3").create_bucket(Bucket=bucket)
        for name, (role, stack) in ROLES.items():
            made.create_role(name.replace(" ", "-"), statements_of(role, stack))
            made.environment(name.replace(" ", "-"))
        made.enforce()
        yield made


@pytest.fixture(scope="module")
def sessions() -> dict[str, boto3.Session]:
    """A session of the SDK for each role, kept, because a new one reads all its descriptions of services again."""
    return {}


def put(bucket: str, key: str) -> Call:
    content = b"content"
    return lambda _account, _keys: S3Objects(bucket).put(key, content, sha256(content).hexdigest())


def direct(service: str, call: str, **arguments: object) -> Call:
    return lambda account, keys: getattr(account.client(service, keys), call)(**arguments)


def publish(_account: Account, _keys: dict[str, str]) -> object:
    return SnsNotifier(f"arn:aws:sns:{REGION}:{ACCOUNT}:{TOPIC}").publish(notification_of(an_alert(1)))


def publish_all(_account: Account, _keys: dict[str, str]) -> object:
    return SnsNotifier(f"arn:aws:sns:{REGION}:{ACCOUNT}:{TOPIC}").publish_all([notification_of(an_alert(1))])


def remember(_account: Account, _keys: dict[str, str]) -> object:
    sent, first, second = DynamoDbSentAlerts(TABLE), uuid.uuid4(), uuid.uuid4()
    claimed = [sent.claim(each, 30.0) for each in (first, second)]
    sent.settle({first: "message"})
    sent.release({second})
    return claimed, sent.claim(first, 30.0)


def receive(queue: str) -> Call:
    return lambda account, _keys: SqsQueue(f"{account.endpoint}/{ACCOUNT}/{queue}").receive(1, 0)


PLACE = LogPlace("topic", 0)
UNSENT = uuid.UUID(int=1)
ITEM = {"id": {"S": "one"}}
MOVED = {"Key": ITEM, "UpdateExpression": "SET next_offset = :end", "ExpressionAttributeValues": {":end": {"N": "1"}}}
LISTED = direct("s3", "list_objects_v2", Bucket=ARCHIVE)
ALLOWED: list[tuple[str, str, Call]] = [
    ("alert function", "publishes", publish),
    ("alert function", "publishes several", publish_all),
    ("alert function", "claims, remembers and forgets", remember),
    ("archiver", "puts", put(ARCHIVE, "raw/one.parquet")),
    ("archiver", "gets", lambda _, __: S3Objects(ARCHIVE).get("raw/one.parquet")),
    ("archiver", "lists", lambda _, __: S3Objects(ARCHIVE).list("raw/")),
    ("archiver", "replaces a manifest", lambda _, __: S3Objects(ARCHIVE).replace("manifest", b"new", None)),
    ("inbox", "receives", receive(QUEUE)),
    ("inbox", "looks how many wait", lambda a, _: SqsQueue(f"{a.endpoint}/{ACCOUNT}/{QUEUE}").on_the_way()),
    ("projector", "looks up a position", lambda _, __: DynamoDbScoreTable(SCORES, kept=1.0).position(PLACE)),
    ("projector", "puts a score", direct("dynamodb", "put_item", TableName=SCORES, Item=ITEM)),
    ("projector", "moves a position", direct("dynamodb", "update_item", TableName=SCORES, **MOVED)),
    ("scorer", "writes a checkpoint", put(WORK, "checkpoints/1/offsets/0")),
    ("trainer", "reads the archive", LISTED),
    ("trainer", "writes a model", put(MODELS, "artifacts/1/model.npz")),
]
FORBIDDEN: list[tuple[str, str, Call]] = [
    ("alert function", "reads another table", direct("dynamodb", "get_item", TableName="of-somebody-else", Key=ITEM)),
    ("alert function", "writes to another table", lambda _, __: DynamoDbSentAlerts(SCORES).settle({UNSENT: "message"})),
    ("alert function", "claims in another table", lambda _, __: DynamoDbSentAlerts(SCORES).claim(UNSENT, 30.0)),
    ("alert function", "lists all that was sent", direct("dynamodb", "scan", TableName=TABLE)),
    ("alert function", "drops the table", direct("dynamodb", "delete_table", TableName=TABLE)),
    ("alert function", "reads the archive", LISTED),
    ("alert function", "receives notifications", receive(QUEUE)),
    ("archiver", "deletes", direct("s3", "delete_object", Bucket=ARCHIVE, Key="raw/one.parquet")),
    ("archiver", "writes to another bucket", put(MODELS, "artifacts/1/model.npz")),
    ("archiver", "publishes", publish),
    ("archiver", "publishes several", publish_all),
    ("inbox", "receives from another queue", receive("of-somebody-else")),
    ("inbox", "publishes", publish),
    ("relay", "publishes", publish),
    ("relay", "reads the archive", LISTED),
    ("label applier", "reads the archive", LISTED),
    ("live quality", "reads the archive", LISTED),
    ("analyst", "reads the archive", LISTED),
    ("observer", "reads the archive", LISTED),
    ("projector", "deletes a score", direct("dynamodb", "delete_item", TableName=SCORES, Key=ITEM)),
    ("projector", "reads all scores", direct("dynamodb", "scan", TableName=SCORES)),
    ("projector", "fills another table", direct("dynamodb", "put_item", TableName=TABLE, Item=ITEM)),
    ("channels", "publishes", publish),
    ("channels", "receives notifications", receive(QUEUE)),
    ("retention", "reads the archive", LISTED),
    ("retention", "deletes from the archive", direct("s3", "delete_object", Bucket=ARCHIVE, Key="raw/one.parquet")),
    ("migrations", "reads the archive", LISTED),
    ("scorer", "writes outside of its checkpoints", put(WORK, "elsewhere")),
    ("scorer", "writes to the archive", put(ARCHIVE, "raw/one.parquet")),
    ("trainer", "writes to the archive", put(ARCHIVE, "raw/one.parquet")),
]


@pytest.mark.parametrize(
    ("role", "call", "outcome"),
    [
        pytest.param(role, call, outcome, id=f"{role} {'may' if permitted else 'may not'}: {what}")
        for cases, permitted in ((ALLOWED, True), (FORBIDDEN, False))
        for role, what, call in cases
        for outcome in [nullcontext() if permitted else refused()]
    ],
)  # fmt: skip
def test_a_role_may_do_its_work_and_nothing_else(
    account: Account,
    sessions: dict[str, boto3.Session],
    monkeypatch: pytest.MonkeyPatch,
    role: str,
    call: Call,
    outcome: AbstractContextManager[object],
) -> None:
    keys = account.environment(role.replace(" ", "-"))
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", sessions.setdefault(role, boto3.Session()))  # a session has one owner

    with outcome:
        call(account, keys)


READ, WRITE, LOOK = (f"kafka-cluster:{verb}" for verb in ("ReadData", "WriteData", "DescribeTopic"))
KAFKA = {
    "alert function": ({ALERTS}, {FAILED_ALERTS}),
    "archiver": ({TRANSACTIONS}, set()),
    "inbox": (set(), set()),
    "relay": (set(), {ALERTS, QUARANTINE, LABELS}),
    "label applier": ({LABELS}, set()),
    "live quality": (set(), set()),
    "analyst": (set(), {LABELS}),
    "observer": (set(), set()),
    "projector": (set(), set()),
    "channels": ({ALERTS}, set()),
    "retention": (set(), set()),
    "migrations": (set(), set()),
    "scorer": ({TRANSACTIONS}, set()),
    "trainer": (set(), set()),
}
LOOKS = {"observer": {TRANSACTIONS}, "retention": {TRANSACTIONS}}
"""Topics of which a role sees offsets and settings, and no record."""


def permitted(role: str, action: str, resource: str) -> bool:
    """What IAM says, by moto's evaluation of a policy: no emulator has a broker that asks."""
    from moto.iam.access_control import IAMPolicy, PermissionResult  # noqa: PLC0415 - takes a second to import

    document = json.dumps({"Version": "2012-10-17", "Statement": statements_of(*ROLES[role])})
    return IAMPolicy(document).is_action_permitted(action, resource) is PermissionResult.PERMITTED


@pytest.mark.parametrize("role", ROLES)
def test_each_role_reads_and_writes_its_own_topics_alone(role: str) -> None:
    topics = {spec.name: CLUSTER.replace(":cluster/", ":topic/") + f"/{spec.name}" for spec in TOPICS}

    assert {name for name, arn in topics.items() if permitted(role, READ, arn)} == KAFKA[role][0]
    assert {name for name, arn in topics.items() if permitted(role, WRITE, arn)} == KAFKA[role][1]
    assert {name for name, arn in topics.items() if permitted(role, LOOK, arn)} == set().union(
        *KAFKA[role], LOOKS.get(role, set())
    )
    assert permitted(role, "kafka-cluster:Connect", CLUSTER) == (any(KAFKA[role]) or role in LOOKS)
    assert not any(permitted(role, f"kafka-cluster:{verb}Topic", arn) for verb in ("Delete", "Alter", "Create")
                   for arn in topics.values())  # fmt: skip


DATABASE = {
    "archiver": Role.ARCHIVER,
    "inbox": Role.INBOX,
    "relay": Role.RELAY,
    "label applier": Role.LABELS,
    "live quality": Role.QUALITY,
    "analyst": Role.READER,
    "observer": Role.READER,
    "projector": Role.READER,
    "channels": Role.INBOX,
    "retention": Role.KEEPER,
    "migrations": Role.MIGRATE,
    "scorer": Role.SCORER,
    "trainer": Role.PROMOTER,
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_signs_in_to_the_database_as_one(role: str) -> None:
    users = {user: f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:db-FRAUDSTREAM/{user}" for user in (*Role, "postgres")}
    mine = {user for user, arn in users.items() if permitted(role, "rds-db:connect", arn)}

    assert mine == ({DATABASE[role]} if role in DATABASE else set())


def test_no_role_may_do_everything_of_a_service_or_touch_policies() -> None:
    for role, (beginning, stack) in ROLES.items():
        for statement in statements_of(beginning, stack):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            broad = {action for action in actions if action.endswith(":*") and action != "sagemaker-mlflow:*"}
            assert not broad, role
            assert not any(action.startswith(("iam:", "sts:", "*")) for action in actions), role


def test_what_starts_retention_every_day_may_start_nothing_else() -> None:
    statements = {statement["Action"]: statement for statement in statements_of("RetentionEventsRole", "apps")}

    assert statements.keys() == {"ecs:RunTask", "ecs:TagResource", "iam:PassRole"}
    assert str(statements["ecs:RunTask"]["Resource"]).startswith("Retention")
    assert statements["ecs:RunTask"]["Condition"].keys() == {"ArnEquals"}
    assert [arn.split(":role/")[1][:13] for arn in statements["iam:PassRole"]["Resource"]] == [
        "RetentionExec", "RetentionTask",
    ]  # fmt: skip


def test_references_resolve() -> None:
    assert Resolver("alerting").value({"Ref": "AWS::Region"}) == REGION
