"""By what right a broker is used: settings once as librdkafka says them, once as Kafka's Java client does."""

from collections.abc import Callable, Mapping

from fraudstream.settings import KafkaSettings, SaslMechanism, SecurityProtocol

Token = tuple[str, float]
"""A token and when it expires, in seconds since 1970."""
TokenSource = Callable[[], Token]
"""Makes a fresh token whenever the client wants one."""

JAVA_MODULES = {
    SaslMechanism.PLAIN: "org.apache.kafka.common.security.plain.PlainLoginModule",
    SaslMechanism.SCRAM_SHA_256: "org.apache.kafka.common.security.scram.ScramLoginModule",
    SaslMechanism.SCRAM_SHA_512: "org.apache.kafka.common.security.scram.ScramLoginModule",
    SaslMechanism.OAUTHBEARER: "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule",
    SaslMechanism.AWS_MSK_IAM: "software.amazon.msk.auth.iam.IAMLoginModule",
}
JAVA_OAUTH_LOGIN = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler"
JAVA_IAM_CALLBACKS = "software.amazon.msk.auth.iam.IAMClientCallbackHandler"


def principal(settings: KafkaSettings) -> str:
    """Who the broker is told that we are, in words."""
    if settings.kafka_sasl_mechanism is SaslMechanism.AWS_MSK_IAM:
        return "the AWS identity of this process"
    return settings.kafka_sasl_username or "an anonymous client"


def described(settings: KafkaSettings) -> str:
    """Protocol and mechanism, as people write them."""
    mechanism = settings.kafka_sasl_mechanism
    return f"{settings.kafka_security_protocol}/{mechanism}" if mechanism else settings.kafka_security_protocol


def client_options(settings: KafkaSettings, tokens: TokenSource) -> dict[str, str | Callable[[str], Token]]:
    """Security as librdkafka is configured with.

    Args:
        settings: what is to be said.
        tokens: asked for a token at the start and again before one expires, where the mechanism is AWS_MSK_IAM.
    """
    options: dict[str, str | Callable[[str], Token]] = {}
    if settings.kafka_security_protocol is not SecurityProtocol.PLAINTEXT:
        options["security.protocol"] = settings.kafka_security_protocol.value
    if settings.kafka_ssl_ca_file is not None:
        options["ssl.ca.location"] = str(settings.kafka_ssl_ca_file)
    mechanism, user = settings.kafka_sasl_mechanism, settings.kafka_sasl_username or ""
    secret = settings.sasl_password()
    if mechanism is SaslMechanism.AWS_MSK_IAM:
        options |= {"sasl.mechanism": "OAUTHBEARER", "oauth_cb": lambda _config: tokens()}
    elif mechanism is SaslMechanism.OAUTHBEARER:
        options |= {
            "sasl.mechanism": mechanism.value,
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.token.endpoint.url": settings.kafka_oauth_token_url or "",
            "sasl.oauthbearer.client.id": user,
            "sasl.oauthbearer.client.secret": secret,
        }
    elif mechanism is not None:
        options |= {"sasl.mechanism": mechanism.value, "sasl.username": user, "sasl.password": secret}
    return options


def java_options(settings: KafkaSettings) -> Mapping[str, str]:
    """Security as Kafka's Java client is configured with, for Spark under the prefix `kafka.`; holds the password."""
    options: dict[str, str] = {}
    if settings.kafka_security_protocol is not SecurityProtocol.PLAINTEXT:
        options["security.protocol"] = settings.kafka_security_protocol.value
    if settings.kafka_ssl_ca_file is not None:
        options |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": str(settings.kafka_ssl_ca_file)}
    mechanism = settings.kafka_sasl_mechanism
    if mechanism is None:
        return options
    options |= {"sasl.mechanism": mechanism.value, "sasl.jaas.config": _jaas(settings, mechanism)}
    if mechanism is SaslMechanism.AWS_MSK_IAM:
        options["sasl.client.callback.handler.class"] = JAVA_IAM_CALLBACKS
    elif mechanism is SaslMechanism.OAUTHBEARER:
        options |= {
            "sasl.login.callback.handler.class": JAVA_OAUTH_LOGIN,
            "sasl.oauthbearer.token.endpoint.url": settings.kafka_oauth_token_url or "",
        }
    return options


def _jaas(settings: KafkaSettings, mechanism: SaslMechanism) -> str:
    names = {SaslMechanism.AWS_MSK_IAM: (), SaslMechanism.OAUTHBEARER: ("clientId", "clientSecret")}
    values = zip(
        names.get(mechanism, ("username", "password")),
        (settings.kafka_sasl_username or "", settings.sasl_password()),
        strict=False,
    )
    words = [f"{JAVA_MODULES[mechanism]} required", *(f"{name}={_quoted(value)}" for name, value in values)]
    return " ".join(words) + ";"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
