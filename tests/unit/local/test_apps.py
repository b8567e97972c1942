"""Each app of the demo gets the password of its own role, and no other."""

import pytest

from fraudstream.adapters.database.roles import Role
from fraudstream.local import apps
from fraudstream.local.apps import Environments
from fraudstream.local.processes import Command
from fraudstream.local.schedule import DemoPlan

COMMON = {
    "DATABASE_URL": "owner",
    "DASHBOARD_DATABASE_URL": "page",
    "MLFLOW_TRACKING_URI": "registry",
    "KAFKA_BOOTSTRAP_SERVERS": "kafka",
}
ENVIRONMENTS = Environments(COMMON, {role: f"url of {role}" for role in Role})
PLAN = DemoPlan(seconds=20, rate=100.0, producer=True, seed=7, customers=500, history_days=30)


def commands() -> dict[str, Command]:
    started = (
        apps.trainer(ENVIRONMENTS, PLAN, 0.0),
        apps.scorer(ENVIRONMENTS),
        *apps.services(ENVIRONMENTS),
        apps.dashboard(ENVIRONMENTS),
        apps.producer(ENVIRONMENTS, PLAN, 0.0),
    )
    return {command.name: command for command in started}


@pytest.mark.parametrize(
    ("app", "role"),
    [
        ("trainer", Role.PROMOTER),
        ("scorer", Role.SCORER),
        ("label-applier", Role.LABELS),
        ("alert-relay", Role.RELAY),
        ("inbox", Role.INBOX),
        ("archiver", Role.ARCHIVER),
        ("retention", Role.KEEPER),
        ("dashboard", Role.READER),
    ],
)
def test_an_app_reaches_the_database_as_its_own_role(app: str, role: Role) -> None:
    assert commands()[app].environment["DATABASE_URL"] == f"url of {role}"


@pytest.mark.parametrize("app", ["lambda-trigger", "producer"])
def test_an_app_without_a_database_knows_no_address_of_it(app: str) -> None:
    assert "DATABASE_URL" not in commands()[app].environment


def test_the_page_keeps_its_own_tables_as_its_own_role_and_nobody_else_does() -> None:
    given = {name: app.environment.get("DASHBOARD_DATABASE_URL") for name, app in commands().items()}

    assert {name: url for name, url in given.items() if url} == {"dashboard": f"url of {Role.DASHBOARD}"}


def test_the_registry_is_the_trainers_alone() -> None:
    assert [name for name, app in commands().items() if "MLFLOW_TRACKING_URI" in app.environment] == ["trainer"]


def test_everything_else_is_shared() -> None:
    assert {app.environment["KAFKA_BOOTSTRAP_SERVERS"] for app in commands().values()} == {"kafka"}


def test_one_port_for_metrics_is_not_handed_to_many_processes() -> None:
    environments = Environments({"METRICS_PORT": "9464"}, dict.fromkeys(Role, "postgresql://nobody"))
    commands = (apps.scorer(environments), *apps.services(environments))

    assert len(commands) > 5
    assert {command.environment["METRICS_PORT"] for command in commands} == {""}
