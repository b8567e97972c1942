"""A process whose only client of Kafka is garbage in a cycle, found while the client's own thread asks for a token.

Aborted by librdkafka if it is destroyed there.
"""

import gc
import sys
import threading
import weakref
from collections.abc import Callable

from tests.integration.cloud.tokens import unsigned_token

from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer, KafkaProducer, connection
from fraudstream.settings import KafkaSettings, SaslMechanism, SecurityProtocol

PATIENCE = 30.0
NOBODY = KafkaSettings(
    kafka_bootstrap_servers="127.0.0.1:1",
    kafka_security_protocol=SecurityProtocol.SASL_SSL,
    kafka_sasl_mechanism=SaslMechanism.AWS_MSK_IAM,
)
CLIENTS: dict[str, Callable[[], object]] = {
    "producer": lambda: KafkaProducer(NOBODY),
    "consumer": lambda: KafkaConsumer(NOBODY, "payments", group="payments"),
    "admin": lambda: KafkaAdmin(NOBODY),
}


class Cycle:
    """Something that only the collector frees, like a traceback that holds its own frame."""

    def __init__(self, client: object) -> None:
        self.client = client
        self.itself = self


def main(kind: str) -> None:
    gc.disable()
    dropped: list[weakref.ref[object]] = []
    found = threading.Event()

    def token() -> tuple[str, float]:
        if dropped and threading.current_thread() is not threading.main_thread():
            gc.collect()
            if dropped[0]() is None:
                found.set()
        return unsigned_token("app", 1.0)

    connection._msk_token = token
    dropped.append(weakref.ref(Cycle(CLIENTS[kind]()).client))
    sys.exit(0 if found.wait(PATIENCE) else "nothing was found")


if __name__ == "__main__":
    main(sys.argv[1])
