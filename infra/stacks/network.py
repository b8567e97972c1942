"""VPC, subnets and security groups, or those that are there already."""

from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnOutput, Fn, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from infra.configuration import Configuration

KAFKA_PORT = 9098
"""Where MSK listens for clients that sign in by IAM."""
POSTGRES_PORT = 5432
HTTPS = 443
PRIVATE = ec2.SubnetType.PRIVATE_WITH_EGRESS


@dataclass(frozen=True)
class Network:
    """Where things are, and who may talk to whom."""

    vpc: Any
    clients: Any
    """Security group of everything that uses broker and database."""
    kafka: Any
    database: Any

    @property
    def subnets(self) -> Any:
        """The private subnets, as a selection."""
        return ec2.SubnetSelection(subnet_type=PRIVATE)

    @property
    def subnet_ids(self) -> list[str]:
        """The same by their ids."""
        return list(self.vpc.select_subnets(subnet_type=PRIVATE).subnet_ids)


def network(stack: Any, configuration: Configuration, key: Any) -> Network:
    """Make the network, or take the one that the configuration names."""
    vpc = _known_vpc(stack, configuration) if configuration.vpc_id else _new_vpc(stack, configuration, key)
    clients = _group(stack, vpc, "Clients", "apps, scorer and trainings")
    database = _group(stack, vpc, "Database", "PostgreSQL")
    if configuration.msk_security_group_id:
        kafka = ec2.SecurityGroup.from_security_group_id(stack, "Kafka", configuration.msk_security_group_id)
    else:
        kafka = _group(stack, vpc, "Kafka", "brokers, and the pollers of the event source mapping")
        kafka.add_ingress_rule(kafka, ec2.Port.tcp(KAFKA_PORT), "pollers to brokers")
        kafka.add_egress_rule(kafka, ec2.Port.tcp(KAFKA_PORT), "pollers to brokers")
        kafka.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "pollers to Lambda and STS")
    _allow(clients, kafka, KAFKA_PORT, "clients to brokers")
    _allow(clients, database, POSTGRES_PORT, "clients to the database")
    clients.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "services of AWS")
    clients.add_ingress_rule(clients, ec2.Port.all_tcp(), "driver and executors of Spark")
    clients.add_egress_rule(clients, ec2.Port.all_tcp(), "driver and executors of Spark")
    made = Network(vpc, clients, kafka, database)
    CfnOutput(stack, "Subnets", value=",".join(made.subnet_ids))
    CfnOutput(stack, "SecurityGroup", value=clients.security_group_id)
    return made


def _known_vpc(stack: Any, configuration: Configuration) -> Any:
    return ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id=configuration.vpc_id,
        availability_zones=configuration.availability_zones.split(","),
        private_subnet_ids=configuration.private_subnet_ids.split(","),
    )


def _new_vpc(stack: Any, configuration: Configuration, key: Any) -> Any:
    vpc = ec2.Vpc(
        stack,
        "Vpc",
        availability_zones=[Fn.select(zone, Fn.get_azs()) for zone in range(configuration.zones)],
        nat_gateways=configuration.nat_gateways,
        subnet_configuration=[
            ec2.SubnetConfiguration(
                name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
            ),
            ec2.SubnetConfiguration(name="private", subnet_type=PRIVATE, cidr_mask=20),
        ],
        gateway_endpoints={
            "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
            "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
        },
    )
    group = logs.LogGroup(
        stack,
        "FlowLogs",
        encryption_key=key,
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    role = iam.Role(stack, "FlowLogsRole", assumed_by=iam.ServicePrincipal("vpc-flow-logs.amazonaws.com"))
    vpc.add_flow_log("Refused", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group, role),
                     traffic_type=ec2.FlowLogTrafficType.REJECT)  # fmt: skip
    return vpc


def _group(stack: Any, vpc: Any, name: str, description: str) -> Any:
    return ec2.SecurityGroup(stack, name, vpc=vpc, description=description, allow_all_outbound=False)


def _allow(source: Any, target: Any, port: int, why: str) -> None:
    source.connections.allow_to(target, ec2.Port.tcp(port), why)
