"""What services/secured hands to PostgreSQL: certificates that clients can check, and rules that want TLS."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.servers.secured_database import SecuredDatabase

from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import FraudstreamError

pytestmark = pytest.mark.integration
SECURED = Path(__file__).parents[3] / "services" / "secured"
USER, PASSWORD = "scorer", "secret"


class Served(NamedTuple):
    """A server that shows a certificate made by the script, and the folder of all that was made."""

    database: SecuredDatabase
    made: Path

    def encrypted(self, host: str) -> object:
        """Whether a connection by this name is encrypted, as the environment wants it."""
        with (
            closing(connect(self.database.url(USER, PASSWORD, host=host), application="test")) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            (row,) = cursor.fetchall()
        return row[0]


def make_certificates(folder: Path) -> None:
    subprocess.run(
        ["sh", str(SECURED / "make_certificates.sh"), str(folder)], check=True, capture_output=True, timeout=60
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if shutil.which("openssl") is None:
        pytest.skip("needs the program openssl, which the image of the service brings")
    made = tmp_path_factory.mktemp("certificates")
    make_certificates(made)
    database = SecuredDatabase(
        tmp_path_factory.mktemp("secured-as-in-containers"),
        key_and_certificate=(made / "postgres" / "server.key", made / "postgres" / "server.crt"),
        access=(SECURED / "pg_hba.conf").read_text(encoding="utf-8"),
    )
    try:
        database.start()
        database.run(f"CREATE ROLE {USER} LOGIN PASSWORD '{PASSWORD}'")
        yield Served(database, made)
    finally:
        database.stop()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_client_that_checks_the_server_is_let_in(served: Served, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(served.made / "authority" / "authority.pem"))

    assert served.encrypted(host) is True


def test_nobody_comes_in_without_tls(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")

    with pytest.raises(FraudstreamError, match="no encryption"):
        served.encrypted("127.0.0.1")


def test_another_server_is_not_believed(served: Served, other_authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(other_authority))

    with pytest.raises(FraudstreamError, match="certificate verify failed"):
        served.encrypted("localhost")


def test_a_second_start_leaves_what_is_there_and_keeps_keys_to_their_group(served: Served) -> None:
    before = {path: path.read_bytes() for path in sorted(served.made.rglob("*")) if path.is_file()}
    make_certificates(served.made)

    assert {path: path.read_bytes() for path in sorted(served.made.rglob("*")) if path.is_file()} == before
    assert {path.name for path in before if path.stat().st_mode & 0o007} == {"authority.pem"}
    assert (served.made / "private").stat().st_mode & 0o777 == 0o700
    assert (served.made / "kafka" / "keystore.pem").read_text(encoding="utf-8").startswith("-----BEGIN PRIVATE KEY")
