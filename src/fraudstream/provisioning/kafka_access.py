"""Passwords and rights of every process in a broker that asks for names."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from fraudstream.adapters.kafka.access import PRINCIPALS, ensure_access
from fraudstream.errors import ConfigurationError
from fraudstream.settings import KafkaSettings

PASSWORD_BYTES = 32
FILE = "kafka-password"


def provision_kafka_access(folder: Path) -> str:
    """Give each principal a password, in `<folder>/<principal>/kafka-password`, and its rights; returns a line.

    A password that is there already stays.

    Raises:
        ConfigurationError: a setting is missing, the folder can't be written, or the broker refuses.
    """
    ensure_access(KafkaSettings.load(), _passwords(folder))
    return f"principals: {', '.join(PRINCIPALS)}; their passwords are in {folder}"


def _passwords(folder: Path) -> Mapping[str, str]:
    found = {}
    try:
        for name in PRINCIPALS:
            path = folder / name / FILE
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if not path.exists():
                path.touch(mode=0o600)
                path.write_text(secrets.token_urlsafe(PASSWORD_BYTES), encoding="utf-8")
            found[name] = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{folder} can't be written ({error.strerror}); name a folder that this user may write"
        ) from error
    return found
