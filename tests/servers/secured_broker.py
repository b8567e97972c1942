"""A broker that lets in whom it knows: TLS with an authority of its own, SCRAM and bearer tokens, and ACLs."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from tests.servers.certificates import Authority

from fraudstream.local.broker import START_TIMEOUT, broker_command
from fraudstream.local.jars import KAFKA, JarCache
from fraudstream.local.java import find_java
from fraudstream.local.ports import LOOPBACK, is_listening, reserve
from fraudstream.local.processes import Supervisor
from fraudstream.settings import LocalSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

PASSWORD = 'app "pass"\\word'
"""Of every user; what has to be escaped somewhere is in it."""
USERS = ("app", "guest")
"""`app` may do everything, `guest` nothing."""
LISTENERS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
REQUEST_TIMEOUT = 20.0
OAUTH = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
SECURITY = """\
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER
connections.max.reauth.ms=3600000
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:app
"""


class SecuredBroker:
    """One broker with a listener for each protocol.

    Args:
        home: folder of what it stores.
    """

    def __init__(self, home: Path) -> None:
        self.authority = Authority(home)
        self._home = home
        self._ports: Mapping[str, int] = {}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}
        self._supervisor = Supervisor(home, inherited)

    def address(self, protocol: str) -> str:
        """host:port of one listener."""
        return f"{LOOPBACK}:{self._ports[protocol]}"

    def start(self) -> None:
        """Start it, and make its users."""
        self._supervisor.__enter__()
        ports = self._ports = reserve(self._home, ("CONTROLLER", *LISTENERS))
        jars = JarCache.of(LocalSettings.load()).ensure(KAFKA)
        java, port = find_java(os.environ), ports["PLAINTEXT"]
        command = broker_command(self._home, java, jars, port=port, controller_port=ports["CONTROLLER"])
        self._secure(self._home / "server.properties")
        process = self._supervisor.start(command)
        for listener in LISTENERS:
            self._supervisor.wait_until(process, lambda name=listener: is_listening(ports[name]), START_TIMEOUT)  # type: ignore[misc]
        admin = AdminClient({"bootstrap.servers": self.address("PLAINTEXT")})
        for kind in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            credential = ScramCredentialInfo(kind, 4_096)
            wanted = [UserScramCredentialUpsertion(user, credential, PASSWORD.encode()) for user in USERS]
            for done in admin.alter_user_scram_credentials(wanted, request_timeout=REQUEST_TIMEOUT).values():
                done.result(REQUEST_TIMEOUT)

    def stop(self) -> None:
        """Stop it."""
        self._supervisor.stop()

    def _secure(self, properties: Path) -> None:
        key, certificate = self.authority.server_key_and_certificate()
        keystore = self._home / "keystore.pem"
        keystore.write_bytes(key.read_bytes() + certificate.read_bytes())
        lines = [
            line
            for line in properties.read_text(encoding="utf-8").splitlines()
            if not line.startswith(("listeners=", "advertised.listeners=", "listener.security.protocol.map="))
        ]
        listeners = [f"{name}://{self.address(name)}" for name in LISTENERS]
        lines.append(f"listeners={','.join(listeners)},CONTROLLER://{self.address('CONTROLLER')}")
        lines.append(f"advertised.listeners={','.join(listeners)}")
        for listener in ("sasl_plaintext", "sasl_ssl"):
            lines += [
                f"listener.name.{listener}.oauthbearer.sasl.jaas.config={OAUTH}",
                f"listener.name.{listener}.scram-sha-256.sasl.jaas.config={SCRAM}",
                f"listener.name.{listener}.scram-sha-512.sasl.jaas.config={SCRAM}",
            ]
        properties.write_text("\n".join(lines) + "\n" + SECURITY.format(keystore=keystore), encoding="utf-8")
