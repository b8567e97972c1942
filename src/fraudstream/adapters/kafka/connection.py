"""What every client of a broker has in common: its configuration, what it raises, and what it was refused for."""

import contextlib
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from confluent_kafka import KafkaError, KafkaException

from fraudstream.adapters.kafka.ending import end_with
from fraudstream.adapters.kafka.security import Token, client_options, described, principal
from fraudstream.errors import ConfigurationError, FraudstreamError, TemporarilyUnavailable
from fraudstream.settings import KafkaSettings, SaslMechanism, SecurityProtocol

Client = TypeVar("Client")
NOTHING: Mapping[str, object] = MappingProxyType({})
LOG_CRITICAL = 2
"""The syslog level of librdkafka's own lines on standard error: what fails is raised, not printed."""
NOT_LET_IN = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001 - the constant's public name
    KafkaError._SSL,  # noqa: SLF001 - the same
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.UNSUPPORTED_SASL_MECHANISM,
    KafkaError.ILLEGAL_SASL_STATE,
}
"""Codes of a connection that the broker, or we, did not want."""
NOT_ALLOWED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
}
"""Codes of something that our principal may not do."""
SPEAKS_ANOTHER_PROTOCOL = ("security.protocol", "connecting to a SSL listener", "connecting to a PLAINTEXT broker")
"""What librdkafka suspects of a broker that hangs up."""
IN_MID_HANDSHAKE = ("handshake failed: Local: Broker transport failure", "not valid in current SASL state")
"""A broker that hangs up, or that ends a session whose token has expired just when it is signed in anew."""
MOST_HANG_UPS = 3
"""So often in a row a sign-in may be broken off in its middle before that counts as the broker's answer."""


def connection_options(settings: KafkaSettings) -> dict[str, Any]:
    """What every client of this broker is configured with."""
    return {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "socket.timeout.ms": 10_000,
        "log_level": LOG_CRITICAL,
        **client_options(settings, _msk_token),
    }


def _msk_token() -> Token:
    from fraudstream.adapters.aws.msk_tokens import msk_token  # noqa: PLC0415 - only where the broker wants one

    return msk_token()


class Refusals:
    """Remembers why a client was not let in: librdkafka only tells its callback, and goes on trying.

    A client that was let in once is not misconfigured, so `passed` makes later refusals temporary ones.
    """

    def __init__(self, settings: KafkaSettings, call: str) -> None:
        self._settings = settings
        self._call = call
        self._passed = False
        self._hang_ups = 0
        self._told: KafkaError | None = None
        self._unsigned: FraudstreamError | None = None
        self._kept: FraudstreamError | None = None

    def client(
        self,
        kind: Callable[[dict[str, Any]], Client],
        options: Mapping[str, object] = NOTHING,
        *,
        is_closed: bool = False,
    ) -> Client:
        """A client of this kind whose refusals are told here, and which ends with us unless somebody closes it.

        Args:
            kind: a class of confluent_kafka.
            options: what it is configured with beside `connection_options`.
            is_closed: whether the caller closes it in any case, so that nothing is left to end.

        Raises:
            ConfigurationError: no token could be made for it, or none that lasts.
            TemporarilyUnavailable: whoever hands out the credentials for one did not answer.
        """
        every = connection_options(self._settings) | self._callbacks()
        if "oauth_cb" in every:
            _msk_token()  # fails at once, where the client would wait for its callback
        try:
            client = kind(every | dict(options))
        except KafkaException as error:
            self.check()
            raise self._as_ours(self._call, error.args[0]) from error
        if not is_closed:
            end_with(self, client)
        return client

    def _callbacks(self) -> dict[str, Callable[[Any], Any]]:
        """What the client calls: it must not keep us, with whom it ends."""
        hear, token = weakref.WeakMethod(self._hear), weakref.WeakMethod(self._token)

        def heard(error: KafkaError) -> None:
            if told := hear():
                told(error)

        if self._settings.kafka_sasl_mechanism is not SaslMechanism.AWS_MSK_IAM:
            return {"error_cb": heard}
        return {"error_cb": heard, "oauth_cb": lambda _config: (token() or _msk_token)()}

    def passed(self) -> None:
        """The broker answered."""
        self._passed, self._told, self._hang_ups = True, None, 0

    def check(self, call: str = "") -> None:
        """Raise what was heard since the broker answered last.

        Args:
            call: what is being done; what was said in the beginning if empty.

        Raises:
            ConfigurationError: the broker does not let us in, and never did.
            TemporarilyUnavailable: it did before.
        """
        if trouble := self._unsigned or self._kept:
            raise trouble
        if self._told is not None:
            told, self._told = self._told, None
            raise self._as_ours(call or self._call, told)

    def forbidden(self, call: str, error: KafkaError) -> ConfigurationError | None:
        """What to raise from an answer that says that we may not do this; nothing for other answers."""
        if error.code() not in NOT_ALLOWED:
            return None
        if self._settings.kafka_sasl_mechanism is SaslMechanism.AWS_MSK_IAM:
            right = "allow it (kafka-cluster:*) in the IAM policy of that identity"
        else:
            right = "give it an ACL, with `kafka-acls.sh --add` for example"
        return ConfigurationError(
            f"Kafka at {self._settings.kafka_bootstrap_servers} does not allow {principal(self._settings)} {call}: "
            f"{error.str()}; {right}"
        )

    def keep(self, refusal: FraudstreamError | None) -> None:
        """Have the next `check` raise this, heard where nothing can be raised."""
        self._kept = refusal or self._kept

    def _hear(self, error: KafkaError) -> None:
        """A broker that is being restarted hangs up on plain text too, so there that says nothing."""
        encrypted = self._settings.kafka_security_protocol is not SecurityProtocol.PLAINTEXT
        hung_up = any(words in error.str() for words in SPEAKS_ANOTHER_PROTOCOL)
        if any(words in error.str() for words in IN_MID_HANDSHAKE):
            self._hang_ups += 1
            if self._hang_ups < MOST_HANG_UPS:
                return
        if error.code() in NOT_LET_IN or (encrypted and hung_up):
            self._told = error

    def _token(self) -> Token:
        try:
            token = _msk_token()
        except FraudstreamError as error:
            self._unsigned = error
            raise
        self._unsigned = None
        return token

    def _as_ours(self, call: str, error: KafkaError) -> FraudstreamError:
        settings = self._settings
        sentence = (
            f"Kafka at {settings.kafka_bootstrap_servers} does not let in {principal(settings)} "
            f"({described(settings)}) for {call}: {error.str()}"
        )
        if self._passed:
            return TemporarilyUnavailable(sentence)
        return ConfigurationError(f"{sentence}. {_next_step(settings, error)}")


def _next_step(settings: KafkaSettings, error: KafkaError) -> str:
    if error.code() == KafkaError._SSL:  # noqa: SLF001 - the constant's public name
        return (
            "Look at KAFKA_SSL_CA_FILE, which must hold the authority of the brokers' certificate, and at the names in "
            "KAFKA_BOOTSTRAP_SERVERS, which the certificate must be made out to"
        )
    if error.code() not in NOT_LET_IN:
        return "Look at KAFKA_SECURITY_PROTOCOL and the port: each protocol has its own"
    if settings.kafka_sasl_mechanism is SaslMechanism.AWS_MSK_IAM:
        return (
            "Look at the credentials (`fraudstream doctor --aws` names them) and their right to kafka-cluster:Connect"
        )
    if settings.kafka_security_protocol is SecurityProtocol.PLAINTEXT:
        return "Set KAFKA_SECURITY_PROTOCOL and KAFKA_SASL_MECHANISM"
    return "Look at KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"


@contextlib.contextmanager
def unavailable_if_refused(trouble: str) -> Iterator[None]:
    """`TemporarilyUnavailable` with this trouble for whatever the client or the broker refuses."""
    try:
        yield
    except KafkaException as error:
        raise TemporarilyUnavailable(f"{trouble}: {error.args[0].str()}") from error
