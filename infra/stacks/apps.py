"""The services on ECS Fargate, and the task that prepares the database; all from one image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Aws, CfnOutput, CfnParameter, Duration, RemovalPolicy
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

from infra.configuration import Configuration
from infra.services import CHANNELS, MIGRATE, RETENTION, SERVICES, TOKEN_DIR, Service
from infra.stacks.alerting import Alerting
from infra.stacks.channels import channels
from infra.stacks.copies import ScoreTable, score_table
from infra.stacks.database import ADMINISTRATOR, Postgres
from infra.stacks.images import APP, image_tag
from infra.stacks.lake import Lake
from infra.stacks.network import Network
from infra.stacks.schedule import daily
from infra.stacks.stream import Stream

TOKEN_LENGTH = 48
PREPARE = (
    "mkdir -p /tmp/secrets && python -m fraudstream provision secrets /tmp/secrets "
    "&& exec python -m fraudstream provision database"
)
"""Roles sign in by IAM: the passwords that the first verb makes for them are forgotten with the task."""


@dataclass(frozen=True)
class Apps:
    """The cluster, the services that always run, the log group of each task, and what starts retention."""

    cluster: Any
    services: Mapping[str, Any]
    log_groups: Mapping[str, Any]
    retention: Any


def apps(
    stack: Any,
    configuration: Configuration,
    net: Network,
    kafka: Stream,
    postgres: Postgres,
    buckets: Lake,
    alerts: Alerting,
    repositories: Mapping[str, Any],
    key: Any,
) -> Apps:
    """Make cluster, services and the task `migrations`."""
    image = ecs.ContainerImage.from_ecr_repository(repositories[APP], image_tag(stack).value_as_string)
    maker = _Maker(stack, configuration, net, image, postgres, key, _shared_variables(stack))
    budget = CfnParameter(
        stack, "AlertsPerHour", type="String", default="1000", description="further alerts are held; no limit if empty"
    )
    made: dict[str, Any] = {}
    table = score_table(stack, configuration, key)
    for service in SERVICES:
        variables = _variables(service, alerts, buckets, budget, table)
        task = maker.whole(service, variables, _secrets(stack, service, configuration, key), kafka)
        made[service.name] = maker.service(service, task)
    alerts.queue.grant_consume_messages(made["notification-inbox"].task_definition.task_role)
    _archive(made["archiver"].task_definition.task_role, buckets, key)
    table.grant(made["dynamodb-projector"].task_definition.task_role)
    wanted = channels(stack, configuration, net, key)
    served = maker.whole(CHANNELS, wanted.variables, wanted.secrets, kafka)
    maker.service(CHANNELS, served, copies=wanted.copies(maker.copies), walls=[wanted.mail])
    cleaning = maker.whole(RETENTION, {}, {}, kafka)
    retention = daily(stack, configuration, net, maker.cluster, cleaning, maker.copies)
    _migrations(stack, maker, postgres)
    CfnOutput(stack, "ClusterName", value=maker.cluster.cluster_name)
    return Apps(maker.cluster, made, maker.log_groups, retention)


class _Maker:
    """Makes tasks that have the same cluster, image and walls."""

    def __init__(
        self,
        stack: Any,
        configuration: Configuration,
        net: Network,
        image: Any,
        postgres: Postgres,
        key: Any,
        shared: Mapping[str, str],
    ) -> None:
        self._stack, self._configuration, self._net, self._image = stack, configuration, net, image
        self._postgres, self._key, self._shared = postgres, key, shared
        self.log_groups: dict[str, Any] = {}
        self.copies = CfnParameter(
            stack,
            "ServicesRun",
            type="Number",
            default=1,
            min_value=0,
            max_value=1,
            description="0 at the first deployment, until the task migrations has made the database",
        )
        self.cluster = ecs.Cluster(
            stack,
            "Cluster",
            cluster_name=configuration.name,
            vpc=net.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
        )

    def whole(self, service: Service, variables: Mapping[str, str], secrets: Mapping[str, Any], kafka: Stream) -> Any:
        """A task with its container, and the rights that it has to broker and database."""
        task = self.task(service.name, service.cpu, service.memory_mib)
        self.container(task, service, variables, secrets)
        if service.reads or service.writes or service.looks:
            kafka.grant(
                task.task_role,
                reads=service.reads,
                writes=service.writes,
                looks=service.looks,
                groups=service.groups,
            )
        self._postgres.grant(task.task_role, service.role)
        return task

    def task(self, name: str, cpu: int, memory_mib: int) -> Any:
        """A task definition, with a folder for passing things."""
        task = ecs.FargateTaskDefinition(
            self._stack,
            _title(name),
            family=f"{self._configuration.name}-{name}",
            cpu=cpu,
            memory_limit_mib=memory_mib,
            runtime_platform=ecs.RuntimePlatform(
                cpu_architecture=ecs.CpuArchitecture.X86_64, operating_system_family=ecs.OperatingSystemFamily.LINUX
            ),
        )
        task.add_volume(name="tmp")
        self.log_groups[name] = logs.LogGroup(
            self._stack,
            f"{_title(name)}Logs",
            log_group_name=f"/{self._configuration.name}/{name}",
            encryption_key=self._key,
            retention=logs.RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        return task

    def container(self, task: Any, service: Service, variables: Mapping[str, str], secrets: Mapping[str, Any]) -> None:
        """The one container of a task: as nobody, without capabilities, on a file system that can't be written."""
        parameters = ecs.LinuxParameters(self._stack, f"{_title(service.name)}Linux", init_process_enabled=True)
        parameters.drop_capabilities(ecs.Capability.ALL)
        container = task.add_container(
            "app",
            image=self._image,
            entry_point=list(service.command[:1]),
            command=list(service.command[1:]),
            environment={**self._shared, "DATABASE_URL": self._postgres.url(service.role), **variables},
            secrets=dict(secrets),
            linux_parameters=parameters,
            logging=ecs.LogDrivers.aws_logs(stream_prefix="app", log_group=self.log_groups[service.name]),
            readonly_root_filesystem=not service.entered,
            user="10001",
            stop_timeout=Duration.seconds(60),
            health_check=None if not service.health else ecs.HealthCheck(
                command=["CMD-SHELL", service.health],
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                retries=6,
                start_period=Duration.seconds(300),
            ),
        )  # fmt: skip
        container.add_mount_points(ecs.MountPoint(container_path="/tmp", source_volume="tmp", read_only=False))  # noqa: S108

    def service(self, service: Service, task: Any, *, copies: Any = None, walls: Sequence[Any] = ()) -> Any:
        """One running copy of a task; a deployment that does not become healthy is rolled back.

        Args:
            service: what runs.
            task: its definition.
            copies: how many of it, if not as many as of all.
            walls: security groups besides that of all.
        """
        return ecs.FargateService(
            self._stack,
            f"{_title(service.name)}Service",
            service_name=service.name,
            cluster=self.cluster,
            task_definition=task,
            desired_count=self.copies.value_as_number if copies is None else copies,
            min_healthy_percent=0,
            max_healthy_percent=100,
            assign_public_ip=False,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            enable_execute_command=service.entered,
            security_groups=[self._net.clients, *walls],
            vpc_subnets=self._net.subnets,
            platform_version=ecs.FargatePlatformVersion.LATEST,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )


def _shared_variables(stack: Any) -> Mapping[str, str]:
    brokers = CfnParameter(
        stack, "KafkaBootstrapServers", type="String", description="host:port list, for clients that sign in by IAM"
    )
    return {
        "AWS_REGION": Aws.REGION,
        "AWS_DEFAULT_REGION": Aws.REGION,
        "DATABASE_AUTH": "iam",
        "DATABASE_CA_FILE": "/opt/fraudstream/certificates/rds.pem",
        "HEALTH_FILE": "/tmp/healthy",  # noqa: S108 - inside a container of its own
        "KAFKA_BOOTSTRAP_SERVERS": brokers.value_as_string,
        "KAFKA_SASL_MECHANISM": "AWS_MSK_IAM",
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "INFO",
        "NUMBA_CACHE_DIR": "/tmp/kernel",  # noqa: S108 - same
    }


def _variables(service: Service, alerts: Alerting, buckets: Lake, budget: Any, table: ScoreTable) -> Mapping[str, str]:
    """What one service is told besides."""
    return {
        "alert-relay": {"ALERTS_PER_HOUR": budget.value_as_string},
        "analyst-api": {"ANALYST_SETTINGS_DIR": TOKEN_DIR},
        "archiver": {"ARCHIVE_BUCKET": buckets.archive.bucket_name},
        "dynamodb-projector": {"SCORES_TABLE": table.name},
        "notification-inbox": {"NOTIFICATIONS_QUEUE_URL": alerts.queue.queue_url},
        "observer": {"METRICS_HOST": "0.0.0.0", "METRICS_PORT": "9464"},  # noqa: S104 - inside of the security group
    }.get(service.name, {})


def _secrets(stack: Any, service: Service, configuration: Configuration, key: Any) -> Mapping[str, Any]:
    if service.name != "analyst-api":
        return {}
    token = secretsmanager.Secret(
        stack,
        "AnalystToken",
        secret_name=f"{configuration.name}/analyst-token",
        description="what the analyst's service asks for",
        encryption_key=key,
        generate_secret_string=secretsmanager.SecretStringGenerator(
            exclude_punctuation=True, password_length=TOKEN_LENGTH
        ),
    )
    return {"ANALYST_TOKEN": ecs.Secret.from_secrets_manager(token)}


def _archive(role: Any, buckets: Lake, key: Any) -> None:
    """The archiver puts, reads and lists, and deletes nothing."""
    buckets.archive.grant_read(role)
    buckets.archive.grant_put(role)
    key.grant_encrypt_decrypt(role)


def _migrations(stack: Any, maker: _Maker, postgres: Postgres) -> None:
    """The task that makes roles, databases and schema, run before the services and with each new version."""
    service = Service("migrations", ("sh", "-c", PREPARE), role=MIGRATE, health="")
    task = maker.task(service.name, service.cpu, service.memory_mib)
    password = ecs.Secret.from_secrets_manager(postgres.administrator, "password")
    variables = {
        "DATABASE_ADMIN_URL": postgres.url(ADMINISTRATOR, "postgres"),
        "PGPASSFILE": "/tmp/secrets/database/pgpass",  # noqa: S108 - inside a container of its own
    }
    maker.container(task, service, variables, {"POSTGRES_PASSWORD": password})
    postgres.grant(task.task_role, MIGRATE)
    CfnOutput(stack, "MigrationsTask", value=task.task_definition_arn)


def _title(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))
