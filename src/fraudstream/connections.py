"""How the broker and the database are reached: addresses, and by what right."""

from enum import StrEnum
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlencode

from pydantic import Field, FilePath, SecretStr, ValidationInfo, field_validator, model_validator

from fraudstream.environment import Group
from fraudstream.errors import ConfigurationError


class SecurityProtocol(StrEnum):
    """What Kafka calls `security.protocol`."""

    PLAINTEXT = "PLAINTEXT"
    SSL = "SSL"
    SASL_PLAINTEXT = "SASL_PLAINTEXT"
    SASL_SSL = "SASL_SSL"


class SaslMechanism(StrEnum):
    """What Kafka calls `sasl.mechanism`; the last one is Amazon MSK's."""

    PLAIN = "PLAIN"
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    SCRAM_SHA_512 = "SCRAM-SHA-512"
    OAUTHBEARER = "OAUTHBEARER"
    AWS_MSK_IAM = "AWS_MSK_IAM"


class DatabaseAuth(StrEnum):
    """How a connection proves who it is."""

    PASSWORD = "password"  # noqa: S105 - the name of a kind
    IAM = "iam"


class KafkaSettings(Group):
    """Where the broker is, by what right it is used, and how topics are created."""

    kafka_bootstrap_servers: str = Field(description="host:port list of the Kafka brokers")
    kafka_security_protocol: SecurityProtocol = Field(
        default=SecurityProtocol.PLAINTEXT, description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl_mechanism: SaslMechanism | None = Field(
        default=None, description="with SASL: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM"
    )
    kafka_sasl_username: str | None = Field(default=None, description="user, or client id for OAUTHBEARER")
    kafka_sasl_password: SecretStr | None = Field(
        default=None, description="password, or client secret for OAUTHBEARER"
    )
    kafka_sasl_password_file: FilePath | None = Field(
        default=None, description="file that holds it, in the place of KAFKA_SASL_PASSWORD"
    )
    kafka_oauth_token_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="for OAUTHBEARER: where a client's id and secret are exchanged for a token",
    )
    kafka_ssl_ca_file: FilePath | None = Field(
        default=None,
        description="PEM file of the authority that signed the brokers' certificates; the system's if unset",
    )
    kafka_replication_factor: int = Field(default=1, ge=1, le=9, description="copies of each topic: 1 local, 3 on MSK")
    transaction_partitions: int = Field(
        default=2,
        ge=1,
        le=1_000,
        description="partitions of transaction-events; scoring runs one task for each",
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        protocol, mechanism = self.kafka_security_protocol, self.kafka_sasl_mechanism
        if protocol.startswith("SASL_") != (mechanism is not None):
            both = f"KAFKA_SECURITY_PROTOCOL={protocol} and KAFKA_SASL_MECHANISM={mechanism or ''}"
            raise ValueError(f"{both} contradict each other: a SASL_ protocol and a mechanism need one another")
        if mechanism is SaslMechanism.AWS_MSK_IAM:
            if protocol is not SecurityProtocol.SASL_SSL:
                raise ValueError("KAFKA_SASL_MECHANISM=AWS_MSK_IAM needs KAFKA_SECURITY_PROTOCOL=SASL_SSL")
        elif mechanism and not (
            self.kafka_sasl_username and (self.kafka_sasl_password or self.kafka_sasl_password_file)
        ):
            both = "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE"
            raise ValueError(f"KAFKA_SASL_MECHANISM={mechanism} needs {both}")
        if self.kafka_sasl_password and self.kafka_sasl_password_file:
            raise ValueError("KAFKA_SASL_PASSWORD and KAFKA_SASL_PASSWORD_FILE are two words on one thing: remove one")
        if (mechanism is SaslMechanism.OAUTHBEARER) != (self.kafka_oauth_token_url is not None):
            raise ValueError("KAFKA_SASL_MECHANISM=OAUTHBEARER and KAFKA_OAUTH_TOKEN_URL need one another")
        return self

    def sasl_password(self) -> str:
        """The password, from wherever it is kept; empty if there is none.

        Raises:
            ConfigurationError: its file can't be read.
        """
        if self.kafka_sasl_password_file is None:
            return self.kafka_sasl_password.get_secret_value() if self.kafka_sasl_password else ""
        try:
            return self.kafka_sasl_password_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigurationError(
                f"KAFKA_SASL_PASSWORD_FILE={self.kafka_sasl_password_file} can't be read ({error.strerror}): is it "
                "another process's? Name one that this user may read"
            ) from error


IAM_MARK = "fraudstream_auth"
"""Parameter that a database URL carries where each connection gets a token of its own; libpq never sees it."""


class _Authenticated(Group):
    database_auth: DatabaseAuth = Field(
        default=DatabaseAuth.PASSWORD,
        description="password, or iam: a token of AWS for each connection in place of the password",
    )
    database_ca_file: FilePath | None = Field(
        default=None,
        description="PEM file of the authority that signed the server's certificate, which is checked with its name; "
        "for RDS the global bundle",
    )

    @model_validator(mode="after")
    def _verified(self) -> Self:
        if self.database_auth is DatabaseAuth.IAM and self.database_ca_file is None:
            raise ValueError(
                "DATABASE_AUTH=iam needs DATABASE_CA_FILE, the authority of the server's certificate: a token must not "
                "go to a server that nobody vouches for"
            )
        return self


def _complete(url: SecretStr, values: dict[str, object]) -> SecretStr:
    """The URL with all that a connection needs, so that one text can travel to wherever connections are opened."""
    ca_file, auth = values.get("database_ca_file"), values.get("database_auth")
    parameters = {"sslmode": "verify-full", "sslrootcert": str(ca_file)} if ca_file else {}
    if auth is DatabaseAuth.IAM:
        parameters[IAM_MARK] = DatabaseAuth.IAM
    text = url.get_secret_value()
    joint = "&" if "?" in text.rpartition("@")[2] else "?"
    return SecretStr(f"{text}{joint}{urlencode(parameters, quote_via=quote, safe='/')}") if parameters else url


class DatabaseSettings(_Authenticated):
    """Where results and state live, and by what right they are reached."""

    database_url: SecretStr = Field(
        description="SQLAlchemy URL, for example postgresql+psycopg2://user:password@host/db; of the writer"
    )

    @field_validator("database_url")
    @classmethod
    def _completed(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("database_auth") is DatabaseAuth.IAM and _has_password(url):
            raise ValueError(
                "it holds a password, in place of which DATABASE_AUTH=iam puts a token: remove one of them"
            )
        return _complete(url, info.data)


class ProvisioningSettings(_Authenticated):
    """With what roles and databases are made; no app needs it."""

    pgpassfile: Path | None = Field(
        default=None,
        description="libpq's file of passwords, for URLs that hold none; `provision database` gives every role its "
        "own, and the administrator's stands there also where all others have tokens",
    )
    database_admin_url: SecretStr = Field(
        description="SQLAlchemy URL of a role that may create roles and databases, for `fraudstream provision database`"
    )

    @field_validator("database_admin_url")
    @classmethod
    def _completed(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        values = info.data
        # A managed server's administrator may well have a password where everybody else has none.
        if _has_password(url) or values.get("pgpassfile"):
            values = {**values, "database_auth": DatabaseAuth.PASSWORD}
        return _complete(url, values)

    @model_validator(mode="after")
    def _given_passwords(self) -> Self:
        if self.database_auth is DatabaseAuth.PASSWORD and self.pgpassfile is None:
            raise ValueError("PGPASSFILE is not set, from which every role gets its password")
        return self


def _has_password(url: SecretStr) -> bool:
    user, found, _ = url.get_secret_value().partition("://")[2].rpartition("@")
    return bool(found) and ":" in user
