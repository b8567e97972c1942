"""What a deployment may choose, from the CDK's context (`-c name=value`); the defaults make the golden templates."""

from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True)
class Configuration:
    """One deployment. A VPC or an MSK cluster that is there already is named, and then not created."""

    name: str = "fraudstream"
    """Beginning of the name of everything that has a fixed one; two deployments in one account need two."""
    vpc_id: str = ""
    availability_zones: str = ""
    """Zones of the private subnets of that VPC, a,b,c."""
    private_subnet_ids: str = ""
    """These subnets, in the same order; they need a way to AWS's services."""
    msk_cluster_arn: str = ""
    """A provisioned cluster with IAM authentication, reachable from these subnets."""
    msk_security_group_id: str = ""
    """Its security group, which gets a rule for our clients."""
    zones: int = 3
    nat_gateways: int = 1
    kafka_version: str = "3.9.x.kraft"
    broker_instance_type: str = "kafka.m7g.large"
    broker_storage_gib: int = 200
    transaction_partitions: int = 12
    """Partitions of transaction-events: scoring runs one task for each."""
    database_instance_class: str = "db.m7g.large"
    database_storage_gib: int = 100
    multi_az: bool = True
    keep_data: bool = True
    """Whether a stack that is deleted leaves buckets, key and a last snapshot behind; false leaves nothing."""
    emr_release: str = "emr-spark-8.2.0"
    """The first series that runs Spark 4.1, which the scorer is written for."""
    scorer_vcpus: int = 16
    """The most that the scorer's application may take."""

    @classmethod
    def of(cls, context: Any) -> Self:  # noqa: ANN401 - a node of the CDK, which is untyped here
        """Read the context of an app.

        Raises:
            ValueError: a value is not of its kind, or a part of a VPC or cluster is missing.
        """
        given = {field.name: context.try_get_context(field.name) for field in fields(cls)}
        chosen = cls(
            **{name: _as(getattr(cls, name), value, name) for name, value in given.items() if value not in {None, ""}}
        )
        if chosen.vpc_id and not (chosen.availability_zones and chosen.private_subnet_ids):
            raise ValueError("vpc_id needs availability_zones=a,b,c and private_subnet_ids=x,y,z with it")
        if bool(chosen.msk_cluster_arn) != bool(chosen.msk_security_group_id):
            raise ValueError("msk_cluster_arn and msk_security_group_id belong together: give both or neither")
        return chosen


def _as(default: Any, value: object, name: str) -> Any:  # noqa: ANN401 - one of three kinds
    """A value of the context, which is text where it comes from the command line, as its default's kind."""
    text = str(value)
    if isinstance(default, bool):
        if text.lower() not in {"true", "false"}:
            raise ValueError(f"{name}={text} is neither true nor false")
        return text.lower() == "true"
    if isinstance(default, int):
        if not text.isdigit():
            raise ValueError(f"{name}={text} is not a whole number")
        return int(text)
    return text
