"""The services that run on ECS, each with exactly what it may read, write and sign in as."""

from dataclasses import dataclass

from fraudstream.contracts.topics import ALERTS, LABELS, QUARANTINE, TRANSACTIONS

READER_GROUP = "fraudstream-reader"
"""Consumer group of administrative reads, which commit nothing."""
WORKS = "find /tmp/healthy -mmin -0.5 | grep -q ."
"""A service touches its file with every step that succeeded: proves work, not that a process exists."""
ANSWERS = "python -c \"import urllib.request as u; u.urlopen('http://127.0.0.1:8090/health', timeout=4)\""
TOKEN_DIR = "/tmp/analyst"  # noqa: S105, S108 - a folder, inside a container of its own
TOKEN_FROM_SECRET = (
    f"umask 077 && mkdir -p {TOKEN_DIR} && printf '%s\\n' \"$ANALYST_TOKEN\" > {TOKEN_DIR}/api-token "
    "&& unset ANALYST_TOKEN && exec python services/analyst_api/main.py"
)
"""The service reads its token from a file that nobody else may read; ECS hands secrets over as variables."""


@dataclass(frozen=True)
class Service:
    """One process, started from the image `app`."""

    name: str
    command: tuple[str, ...]
    role: str
    """Of the database."""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    looks: tuple[str, ...] = ()
    """Topics of which it reads the offsets and settings, and no record."""
    groups: tuple[str, ...] = ()
    health: str = WORKS
    cpu: int = 256
    memory_mib: int = 1_024
    entered: bool = False
    """Whether people come in through ECS Exec, which needs a file system that can be written."""


SERVICES = (
    Service(
        "label-applier",
        ("python", "services/label_applier/apply_labels.py"),
        role="fraudstream_labels",
        reads=(LABELS,),
        groups=("fraudstream-label-applier", READER_GROUP),
        cpu=512,
    ),
    Service(
        "alert-relay",
        ("python", "services/alert_relay/main.py"),
        role="fraudstream_relay",
        writes=(ALERTS, QUARANTINE, LABELS),
    ),
    Service("notification-inbox", ("python", "services/notification_inbox/main.py"), role="fraudstream_inbox"),
    Service(
        "archiver",
        ("python", "services/archiver/main.py"),
        role="fraudstream_archiver",
        reads=(TRANSACTIONS,),
        groups=(READER_GROUP,),
    ),
    Service("live-quality", ("python", "services/live_quality/main.py", "--every", "300"), role="fraudstream_quality"),
    Service(
        "observer",
        ("python", "services/observer/main.py"),
        role="fraudstream_reader",
        looks=(TRANSACTIONS,),
        groups=(READER_GROUP,),
    ),
    Service("dynamodb-projector", ("python", "services/dynamodb_projector/main.py"), role="fraudstream_reader"),
    Service(
        "analyst-api",
        ("sh", "-c", TOKEN_FROM_SECRET),
        role="fraudstream_reader",
        writes=(LABELS,),
        groups=(READER_GROUP,),
        health=ANSWERS,
        cpu=512,
        entered=True,
    ),
)
CHANNELS = Service(
    "alert-channels",
    ("python", "services/alert_channels/main.py"),
    role="fraudstream_inbox",
    reads=(ALERTS,),
    groups=("fraudstream-channel-webhook", "fraudstream-channel-email"),
)
"""Runs only where channels are named."""
RETENTION = Service(
    "retention",
    ("python", "-m", "fraudstream", "retain"),
    role="fraudstream_keeper",
    looks=(TRANSACTIONS,),
    groups=(READER_GROUP,),
    health="",
)
"""Runs once a day, to its end."""
MIGRATE = "fraudstream_migrate"
"""The role that owns the schema, for the task that migrates."""
