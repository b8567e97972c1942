"""The MSK cluster, with IAM authentication only, and the topics of the project's own contracts."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnOutput, Fn, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_msk as msk

from fraudstream.contracts.topics import MAX_MESSAGE_BYTES, TOPICS
from infra.configuration import Configuration
from infra.stacks.network import Network

REPLICATION = 3
RETENTION_MS = 7 * 24 * 3_600 * 1_000
"""How long a record stays, a week: Kafka's own default, which the other places to run have."""
BROKER_PROPERTIES = {
    "auto.create.topics.enable": "false",
    "default.replication.factor": REPLICATION,
    "min.insync.replicas": 2,
    "unclean.leader.election.enable": "false",
    "message.max.bytes": 2 * MAX_MESSAGE_BYTES,
    "log.message.timestamp.type": "LogAppendTime",
    "log.retention.ms": RETENTION_MS,
}
TOPIC_PROPERTIES = {"message.timestamp.type": "LogAppendTime", "retention.ms": str(RETENTION_MS)}
LOOK = ("DescribeTopic", "DescribeTopicDynamicConfiguration")
READ = (*LOOK, "ReadData")
WRITE = (*LOOK, "WriteData")


@dataclass(frozen=True)
class Stream:
    """A cluster, and the rights to it."""

    arn: str
    name: str

    def grant(
        self,
        role: Any,
        *,
        reads: Sequence[str] = (),
        writes: Sequence[str] = (),
        looks: Sequence[str] = (),
        groups: Sequence[str] = (),
    ) -> None:
        """Let a role connect, read, write and look at these topics, and be a member of these groups; nothing else."""
        connect = ["Connect", "DescribeCluster", *(["WriteDataIdempotently"] if writes else [])]
        self._allow(role, connect, [self.arn])
        for topics, actions in ((reads, READ), (writes, WRITE), (looks, LOOK)):
            if topics:
                self._allow(role, actions, [self._inside("topic", topic) for topic in topics])
        if groups:
            self._allow(role, ("DescribeGroup", "AlterGroup"), [self._inside("group", group) for group in groups])

    def _allow(self, role: Any, actions: Sequence[str], resources: Sequence[str]) -> None:
        iam.Grant.add_to_principal(
            grantee=role, actions=[f"kafka-cluster:{action}" for action in actions], resource_arns=list(resources)
        )

    def _inside(self, kind: str, name: str) -> str:
        """The ARN of a topic or group of the cluster, by IAM's rule for MSK."""
        before, after = (Fn.select(part, Fn.split(":cluster/", self.arn)) for part in (0, 1))
        return str(Fn.join("", [before, f":{kind}/", after, f"/{name}"]))


def stream(stack: Any, configuration: Configuration, net: Network, key: Any) -> Stream:
    """Make the cluster, or take the one that the configuration names, and make the topics in it."""
    arn = configuration.msk_cluster_arn or _cluster(stack, configuration, net, key)
    for spec in TOPICS:
        msk.CfnTopic(
            stack,
            "".join(word.capitalize() for word in spec.name.split("-")),
            cluster_arn=arn,
            topic_name=spec.name,
            partition_count=spec.partitions or configuration.transaction_partitions,
            replication_factor=REPLICATION,
            configs=base64.b64encode(json.dumps(TOPIC_PROPERTIES).encode()).decode(),
        )
    CfnOutput(stack, "ClusterArn", value=arn)
    return Stream(arn, Fn.select(1, Fn.split("/", arn)))


def _cluster(stack: Any, configuration: Configuration, net: Network, key: Any) -> str:
    settings = msk.CfnConfiguration(
        stack,
        "BrokerConfiguration",
        name=configuration.name,
        kafka_versions_list=[configuration.kafka_version],
        server_properties=_properties(BROKER_PROPERTIES),
    )
    log_group = logs.LogGroup(
        stack,
        "BrokerLogs",
        encryption_key=key,
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    cluster = msk.CfnCluster(
        stack,
        "Cluster",
        cluster_name=configuration.name,
        kafka_version=configuration.kafka_version,
        number_of_broker_nodes=configuration.zones,
        broker_node_group_info=_brokers(configuration, net),
        client_authentication=msk.CfnCluster.ClientAuthenticationProperty(
            sasl=msk.CfnCluster.SaslProperty(iam=msk.CfnCluster.IamProperty(enabled=True)),
            unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=False),
        ),
        configuration_info=msk.CfnCluster.ConfigurationInfoProperty(
            arn=settings.attr_arn, revision=settings.attr_latest_revision_revision
        ),
        encryption_info=msk.CfnCluster.EncryptionInfoProperty(
            encryption_at_rest=msk.CfnCluster.EncryptionAtRestProperty(data_volume_kms_key_id=key.key_arn),
            encryption_in_transit=msk.CfnCluster.EncryptionInTransitProperty(client_broker="TLS", in_cluster=True),
        ),
        enhanced_monitoring="PER_TOPIC_PER_BROKER",
        logging_info=msk.CfnCluster.LoggingInfoProperty(
            broker_logs=msk.CfnCluster.BrokerLogsProperty(
                cloud_watch_logs=msk.CfnCluster.CloudWatchLogsProperty(enabled=True, log_group=log_group.log_group_name)
            )
        ),
    )
    return str(cluster.attr_arn)


def _brokers(configuration: Configuration, net: Network) -> Any:
    return msk.CfnCluster.BrokerNodeGroupInfoProperty(
        client_subnets=net.subnet_ids,
        instance_type=configuration.broker_instance_type,
        security_groups=[net.kafka.security_group_id],
        storage_info=msk.CfnCluster.StorageInfoProperty(
            ebs_storage_info=msk.CfnCluster.EBSStorageInfoProperty(volume_size=configuration.broker_storage_gib)
        ),
    )


def _properties(values: Any) -> str:
    return "\n".join(f"{name}={value}" for name, value in values.items())
