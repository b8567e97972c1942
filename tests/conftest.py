"""Real servers for the tests that need them, started once and only if asked for."""

import os
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import settings as hypothesis_settings
from tests.servers.choice import OPTIONS, Choice, choose, docker_problem
from tests.servers.databases import TEMPLATE, Databases

if TYPE_CHECKING:
    from tests.servers.containers import ContainerServers
    from tests.servers.embedded import EmbeddedServers
    from tests.servers.secured_broker import SecuredBroker

    from fraudstream.settings import KafkaSettings

    Servers: TypeAlias = EmbeddedServers | ContainerServers

hypothesis_settings.register_profile("sealed", deadline=None)  # how busy a machine is proves nothing
hypothesis_settings.load_profile("sealed")

REQUIRED = "FRAUDSTREAM_REQUIRE_DOCKER"
SERVICES = pytest.StashKey[Choice]()


def docker_is_required() -> bool:
    return os.environ.get(REQUIRED) == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--services",
        choices=OPTIONS,
        default="auto",
        help="real servers of the tests: embedded, in containers, or containers where a Docker engine answers (auto)",
    )


def pytest_configure(config: pytest.Config) -> None:
    asked = str(config.getoption("--services"))
    config.stash[SERVICES] = choose(
        asked,
        docker_problem=None if asked == "embedded" else docker_problem(os.environ.get("DOCKER_HOST")),
        docker_required=docker_is_required(),
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests of whole stacks, which would starve each other side by side; units come last."""
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.split("::")[0], []).append(item)
    stacks = [file for file, (first, *_) in files.items() if first.get_closest_marker("e2e")]
    stacks.sort(key=lambda file: "compose" not in file)  # the longest first
    units = [file for file in files if file.startswith("tests/unit/")]
    order = [file for file in files if file not in {*stacks, *units}]
    apart = len(order) // max(len(stacks), 1) + 1
    for number, file in enumerate(stacks):
        order.insert(number * apart, file)
    items[:] = [item for file in (*order, *units) for item in files[file]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where Docker is required, a test that skips itself has failed to prove anything."""
    report = yield
    if report.skipped and docker_is_required():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{REQUIRED}=1, but: {reason}"
    return report


def pytest_report_header(config: pytest.Config) -> str:
    chosen = config.stash[SERVICES]
    return f"servers: {chosen.kind}, because {chosen.reason}"


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> "Iterator[Servers]":
    """The servers that were chosen; each property starts what it needs."""
    if pytestconfig.stash[SERVICES].kind == "containers":
        from tests.servers import containers  # noqa: PLC0415 - only where it is used

        running: Servers = containers.ContainerServers()
    else:
        from tests.servers import embedded  # noqa: PLC0415 - only where it is used

        running = embedded.EmbeddedServers()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def kafka_settings(servers: "Servers") -> "KafkaSettings":
    """A running broker."""
    from fraudstream.settings import KafkaSettings  # noqa: PLC0415 - only where it is used

    return KafkaSettings(kafka_bootstrap_servers=servers.kafka)


@pytest.fixture(scope="session")
def secured_broker(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[SecuredBroker]":
    """A broker that lets in whom it knows."""
    from tests.servers.secured_broker import SecuredBroker  # noqa: PLC0415 - only where it is used

    broker = SecuredBroker(tmp_path_factory.mktemp("secured-broker"))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def databases(servers: "Servers") -> Databases:
    """A running PostgreSQL server."""
    return Databases(servers.database)


@pytest.fixture(scope="session")
def migrated_template(databases: Databases) -> str:
    """Name of a database with the newest schema and nothing in it."""
    from fraudstream.adapters.database.migrate import upgrade  # noqa: PLC0415 - only where it is used

    upgrade(databases.create(TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(databases: Databases, migrated_template: str) -> Iterator[str]:
    """SQLAlchemy URL of a database of this test's own, with the newest schema."""
    with databases.temporary(template=migrated_template) as url:
        yield url


@pytest.fixture
def empty_database_url(databases: Databases) -> Iterator[str]:
    """SQLAlchemy URL of a database of this test's own, without any table."""
    with databases.temporary() as url:
        yield url


@pytest.fixture
def aws_environment(servers: "Servers", monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The AWS variables of a running endpoint, set in this process; names in it are shared by all tests."""
    variables = servers.aws
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def unique_name() -> Callable[[str], str]:
    """Makes names that no other test uses, for topics, queues, groups and the like."""
    return lambda prefix: f"{prefix}-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def topic(unique_name: Callable[[str], str]) -> str:
    """A topic name that no other test uses; the topic itself is not created."""
    return unique_name("topic")
