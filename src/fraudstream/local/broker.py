"""An Apache Kafka broker of one node (KRaft) as a child process."""

import base64
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.local.java import Java
from fraudstream.local.ports import LOOPBACK
from fraudstream.local.processes import Command

NAME = "kafka"
BATCH_OVERHEAD = 65_536
"""Bytes a batch may be larger than its records: what a producer accepts, the broker must not refuse."""
START_TIMEOUT = 60.0
"""Seconds until the broker must listen; about one on an idle machine."""
MEMORY = ("-Xms192m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""About 200 MB resident, and a start in a second: the load of one machine needs no more."""
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
listeners=PLAINTEXT://{listen}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{advertised}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
message.max.bytes={max_bytes}
log.message.timestamp.type=LogAppendTime
log.retention.ms=-1
log.index.size.max.bytes=1048576
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=2
log.cleaner.dedupe.buffer.size=8388608
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=400
"""
"""Times are the broker's own, and records stay until the folder is removed: `verify` reads the whole log. The session
timeout decides how long a broker that was killed waits for its former self."""
LOGGING = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
"""


def server_properties(
    data: str, *, port: int, controller_port: int, listen: str = LOOPBACK, advertised: str | None = None
) -> str:
    """The broker's configuration.

    Args:
        data: folder of its logs.
        port: where clients connect.
        controller_port: where it talks to itself, always on loopback.
        listen: address it accepts clients on.
        advertised: host:port it tells clients to use; `listen` and `port` if `None`.
    """
    return PROPERTIES.format(
        host=LOOPBACK,
        listen=listen,
        advertised=advertised or f"{listen}:{port}",
        port=port,
        controller_port=controller_port,
        data=data,
        max_bytes=MAX_MESSAGE_BYTES + BATCH_OVERHEAD,
    )


def storage_identity() -> str:
    """What a new storage folder holds as `meta.properties`; Kafka's own tool would start a second JVM to write it."""
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return f"version=1\nnode.id=1\ncluster.id={cluster_id}\n"


def broker_command(home: Path, java: Java, jars: Sequence[Path], *, port: int, controller_port: int) -> Command:
    """Write the broker's files under `home` and say how to start it; what it stored before is kept."""
    data = home / "data"
    _format(data)
    properties, logging = home / "server.properties", home / "log4j2.properties"
    properties.write_text(server_properties(str(data), port=port, controller_port=controller_port), encoding="utf-8")
    logging.write_text(LOGGING, encoding="utf-8")
    class_path = os.pathsep.join(map(str, jars))
    return Command(
        name=NAME,
        arguments=(
            str(java.executable),
            *MEMORY,
            f"-Dlog4j2.configurationFile={logging}",
            "-cp",
            class_path,
            "kafka.Kafka",
            str(properties),
        ),
    )


def _format(data: Path) -> None:
    identity = data / "meta.properties"
    if identity.exists():
        return
    data.mkdir(parents=True, exist_ok=True)
    unfinished = data / "meta.properties.new"
    unfinished.write_text(storage_identity(), encoding="utf-8")
    unfinished.rename(identity)
