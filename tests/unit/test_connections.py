"""How broker and database are reached is said by the environment, and what contradicts itself is refused."""

from pathlib import Path

import pytest

from fraudstream.adapters.kafka.security import client_options, java_options
from fraudstream.errors import ConfigurationError
from fraudstream.settings import DatabaseSettings, KafkaSettings, ProvisioningSettings, impossible

HOST = "ours.abc.eu-west-1.rds.amazonaws.com"


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "an authority.pem"
    path.touch()
    return str(path)


@pytest.fixture(autouse=True)
def _addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    monkeypatch.setenv("DATABASE_URL", f"postgresql+psycopg2://scorer@{HOST}/fraudstream")
    for name in ("KAFKA_SECURITY_PROTOCOL", "KAFKA_SASL_MECHANISM", "DATABASE_AUTH", "DATABASE_CA_FILE", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)


def put(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_nothing_set_is_plain_text_and_a_password() -> None:
    kafka = KafkaSettings.load()

    assert client_options(kafka, lambda: ("", 0.0)) == {}
    assert java_options(kafka) == {}
    assert "?" not in DatabaseSettings.load().database_url.get_secret_value()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "contradict each other"),
        ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "contradict each other"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL is impossible"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_SASL_USERNAME": "app"},
            "PLAIN needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD",
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "AWS_MSK_IAM"},
            "AWS_MSK_IAM needs KAFKA_SECURITY_PROTOCOL=SASL_SSL",
        ),
        (
            {
                "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "KAFKA_SASL_MECHANISM": "OAUTHBEARER",
                "KAFKA_SASL_USERNAME": "app",
                "KAFKA_SASL_PASSWORD": "secret",
            },
            "KAFKA_OAUTH_TOKEN_URL need one another",
        ),
        (
            {
                "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
                "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
                "KAFKA_SASL_USERNAME": "app",
                "KAFKA_SASL_PASSWORD": "secret",
                "KAFKA_SASL_PASSWORD_FILE": __file__,
            },
            "KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE are two words on one thing",
        ),
        ({"KAFKA_SASL_PASSWORD_FILE": "/nowhere"}, "KAFKA_SASL_PASSWORD_FILE is impossible"),
        ({"KAFKA_SSL_CA_FILE": "/nowhere.pem"}, "KAFKA_SSL_CA_FILE is impossible"),
    ],
)
def test_a_contradiction_about_the_broker_is_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    put(monkeypatch, **variables)

    with pytest.raises(ConfigurationError, match=told) as raised:
        KafkaSettings.load()
    assert "secret" not in str(raised.value)


def test_a_client_of_a_token_endpoint_is_said_to_both_kinds_of_client(monkeypatch: pytest.MonkeyPatch) -> None:
    put(
        monkeypatch,
        KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        KAFKA_SASL_MECHANISM="OAUTHBEARER",
        KAFKA_SASL_USERNAME="app",
        KAFKA_SASL_PASSWORD="secret",
        KAFKA_OAUTH_TOKEN_URL="https://identity.example.org/token",
    )
    settings = KafkaSettings.load()
    url = "sasl.oauthbearer.token.endpoint.url"

    assert client_options(settings, lambda: ("", 0.0))[url] == java_options(settings)[url]
    assert java_options(settings)["sasl.jaas.config"].endswith('required clientId="app" clientSecret="secret";')


def test_a_password_may_be_kept_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "kafka-password"
    kept.write_text('word "quoted"\n', encoding="utf-8")
    put(
        monkeypatch,
        KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
        KAFKA_SASL_USERNAME="app",
        KAFKA_SASL_PASSWORD_FILE=str(kept),
    )
    settings = KafkaSettings.load()

    assert client_options(settings, lambda: ("", 0.0))["sasl.password"] == 'word "quoted"'
    assert java_options(settings)["sasl.jaas.config"].endswith(r'username="app" password="word \"quoted\"";')
    kept.unlink()
    with pytest.raises(ConfigurationError, match=r"KAFKA_SASL_PASSWORD_FILE=.* can't be read"):
        client_options(settings, lambda: ("", 0.0))


def test_a_token_needs_a_server_that_somebody_vouches_for(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, DATABASE_AUTH="iam")

    with pytest.raises(ConfigurationError, match="DATABASE_AUTH=iam needs DATABASE_CA_FILE"):
        DatabaseSettings.load()


def test_a_password_and_a_token_contradict_each_other(monkeypatch: pytest.MonkeyPatch, ca_file: str) -> None:
    url = f"postgresql+psycopg2://scorer:secret@{HOST}/fraudstream"
    put(monkeypatch, DATABASE_AUTH="iam", DATABASE_CA_FILE=ca_file, DATABASE_URL=url)

    with pytest.raises(ConfigurationError, match="holds a password, in place of which DATABASE_AUTH=iam") as raised:
        DatabaseSettings.load()
    assert "secret" not in str(raised.value)


def test_the_url_is_completed_for_verified_tls(monkeypatch: pytest.MonkeyPatch, ca_file: str) -> None:
    put(monkeypatch, DATABASE_CA_FILE=ca_file, DATABASE_URL=f"postgresql+psycopg2://scorer:a?b@{HOST}/fraudstream")

    url = DatabaseSettings.load().database_url.get_secret_value()

    assert url.endswith(f"/fraudstream?sslmode=verify-full&sslrootcert={ca_file.replace(' ', '%20')}")


def test_an_administrators_password_is_used_beside_tokens(monkeypatch: pytest.MonkeyPatch, ca_file: str) -> None:
    put(monkeypatch, DATABASE_AUTH="iam", DATABASE_CA_FILE=ca_file)
    for login, marked in (("admin", True), ("admin:secret", False)):
        put(monkeypatch, DATABASE_ADMIN_URL=f"postgresql+psycopg2://{login}@{HOST}/postgres")
        url = ProvisioningSettings.load().database_admin_url.get_secret_value()
        assert ("fraudstream_auth=iam" in url) is marked
        assert "sslmode=verify-full" in url
    put(monkeypatch, DATABASE_ADMIN_URL=f"postgresql+psycopg2://admin@{HOST}/postgres", PGPASSFILE="/run/pgpass")
    assert "fraudstream_auth" not in ProvisioningSettings.load().database_admin_url.get_secret_value()


def test_roles_need_passwords_or_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, DATABASE_ADMIN_URL=f"postgresql+psycopg2://admin@{HOST}/postgres")

    with pytest.raises(ConfigurationError, match="PGPASSFILE is not set"):
        ProvisioningSettings.load()


def test_single_values_are_judged_without_the_others() -> None:
    assert impossible({"KAFKA_SASL_MECHANISM": "AWS_MSK_IAM", "DATABASE_AUTH": "iam"}) == {}
    assert impossible({"DATABASE_AUTH": "kerberos"}).keys() == {"DATABASE_AUTH"}
