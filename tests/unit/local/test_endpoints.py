"""The addresses can be sourced by a shell, and only the owner reads them."""

import stat
import subprocess
from pathlib import Path

from fraudstream.local.endpoints import remove_endpoints, write_endpoints

ADDRESSES = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "DATABASE_URL": "postgresql+psycopg2://me:a'b $c@host/db"}


def test_a_shell_reads_back_every_value(tmp_path: Path) -> None:
    path = write_endpoints(tmp_path, ADDRESSES)

    script = f'. {path} && printf "%s\\n" "$KAFKA_BOOTSTRAP_SERVERS" && sh -c \'printf "%s\\n" "$DATABASE_URL"\''
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, timeout=10)

    assert done.stdout.splitlines() == list(ADDRESSES.values())


def test_only_the_owner_can_read_the_passwords(tmp_path: Path) -> None:
    assert stat.S_IMODE(write_endpoints(tmp_path, ADDRESSES).stat().st_mode) == 0o600


def test_the_file_is_gone_after_a_stop(tmp_path: Path) -> None:
    path = write_endpoints(tmp_path, ADDRESSES)
    remove_endpoints(tmp_path)
    remove_endpoints(tmp_path)

    assert list(tmp_path.iterdir()) == []
    assert not path.exists()
