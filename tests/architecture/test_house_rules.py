"""Rules of the house that a machine can keep."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "fraudstream"
MODULES = sorted(SOURCE.rglob("*.py"))
INFRASTRUCTURE = sorted((ROOT / "infra").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FORBIDDEN_NAMES = re.compile(r"(utils?|helpers?|common|base|manager)")
VENDOR_DOORS = {
    "boto3": {"adapters/aws/"},
    "botocore": {"adapters/aws/"},
    "aws_msk_iam_sasl_signer": {"adapters/aws/"},
    "confluent_kafka": {"adapters/kafka/"},
    "mlflow": {"adapters/model_registry.py"},
    "pyarrow": {
        "archive/parquet.py",
        "adapters/archived_history.py",
        "adapters/parquet_batches.py",
        "adapters/parquet_texts.py",
        "scoring/",
    },
    "pyspark": {"scoring/"},
    "sklearn": {"training/"},
    "prometheus_client": {"metrics/"},
    "psycopg2": {"adapters/database/"},
    "sqlalchemy": {"adapters/database/"},
    "alembic": {"adapters/database/"},
    "aws_lambda_powertools": {"alerting/"},
    "fastapi": {"analyst/", "dashboard/", "serving/"},
    "starlette": {"analyst/", "dashboard/", "serving/"},
    "uvicorn": {"analyst/", "dashboard/", "serving/"},
    "jinja2": {"dashboard/"},
    "argon2": {"dashboard/"},
    "typer": {
        "cli.py",
        "provisioning/commands.py",
        "chaos/commands.py",
        "cloud/commands.py",
        "alerting/commands.py",
        "rework/commands.py",
        "archive/commands.py",
        "quality/commands.py",
        "retention/commands.py",
        "backup/commands.py",
        "leaks/commands.py",
        "emr/commands.py",
        "projection/commands.py",
        "sagemaker/commands.py",
        "serving/commands.py",
        "analyst/commands.py",
        "dashboard/commands.py",
        "producer/commands.py",
        "training/commands.py",
        "training/train_command.py",
        "evaluation/commands.py",
        "watching/commands.py",
    },
}


def relative(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def imported(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", MODULES + INFRASTRUCTURE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    assert text.count("\n") <= 300
    assert {
        f.name: f.end_lineno - f.lineno + 1 for f in functions if f.end_lineno and f.end_lineno - f.lineno >= 50
    } == {}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_test_files_stay_readable(path: Path) -> None:
    assert path.read_text().count("\n") <= 400


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_modules_are_named_for_what_they_do_and_say_so(path: Path) -> None:
    documented = ast.get_docstring(ast.parse(path.read_text()))

    assert documented
    assert not FORBIDDEN_NAMES.fullmatch(path.stem)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_each_vendor_library_has_one_door(path: Path) -> None:
    strangers = {
        vendor
        for vendor in imported(ast.parse(path.read_text())) & VENDOR_DOORS.keys()
        if not any(relative(path).startswith(door) for door in VENDOR_DOORS[vendor])
    }

    assert strangers == set()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_the_environment_is_read_by_settings_alone(path: Path) -> None:
    """Processes are started with an environment in `local`; nobody else looks at it."""
    reads = re.findall(r"os\.(?:environ|getenv)", path.read_text())

    assert not reads or relative(path) == "settings.py" or relative(path).startswith("local/")


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_nothing_knows_whether_it_is_local_or_on_aws(path: Path) -> None:
    text = path.read_text()

    assert "endpoint_url=" not in text
    assert not re.search(r"if (?:is_)?local\b", text)


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_topic_names_are_spelled_in_one_place(path: Path) -> None:
    spelled = re.findall(r'"(?:transaction-(?:events|labels|quarantine)|fraud-alerts(?:-failed)?)"', path.read_text())

    assert not spelled or relative(path) == "contracts/topics.py"


def test_entry_scripts_are_at_most_fifteen_lines() -> None:
    scripts = [path for folder in ("services", "spark", "ml") for path in (ROOT / folder).rglob("*.py")]

    assert {str(path): lines for path in scripts if (lines := path.read_text().count("\n")) > 15} == {}


def test_help_imports_nothing_heavy() -> None:
    heavy = ["pyspark", "mlflow", "sklearn", "numba", "pandas", "pyarrow", "sqlalchemy", "boto3", "confluent_kafka"]
    script = f"import sys\nimport fraudstream.cli\nprint([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.strip() == "[]"
