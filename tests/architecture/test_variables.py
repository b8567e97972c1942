""".env.example says of every variable where it counts, and is right."""

import inspect
import re
from pathlib import Path

import typer
from tests.architecture.test_compose import COMPOSE, SERVICES, TEXT

from fraudstream.local.compose_numbers import NUMBERS
from fraudstream.producer.commands import produce
from fraudstream.settings import variables
from fraudstream.training.commands import retrain

EXAMPLE = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
VARIABLE = re.compile(r"(?:# )?([A-Z][A-Z0-9_]*)=")
MARK = re.compile(r"# \[((?:compose|embedded)(?:, embedded)?)\] \S")
IN_COMPOSE = set(re.findall(r"\$\{([A-Z][A-Z0-9_]*)", TEXT))


def marks() -> dict[str, set[str]]:
    """The marks of each variable: those of the last comment above it."""
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in EXAMPLE.splitlines():
        if variable := VARIABLE.match(line):
            assert variable[1] not in found, "listed twice"
            found[variable[1]] = current
        elif mark := MARK.match(line):
            current = set(mark[1].split(", "))
        elif not line:
            current = set()
    return found


def test_every_variable_is_marked() -> None:
    assert [name for name, where in marks().items() if not where] == []


def test_what_is_marked_for_compose_is_what_the_compose_file_reads() -> None:
    assert {name for name, where in marks().items() if "compose" in where} == IN_COMPOSE


def test_what_is_marked_for_the_embedded_run_is_what_our_code_or_the_sdk_reads() -> None:
    embedded = {name for name, where in marks().items() if "embedded" in where}

    assert {name for name in embedded if not name.startswith("AWS_")} == variables().keys()


def test_a_default_that_is_shown_for_compose_alone_is_the_one_of_the_compose_file() -> None:
    shown = dict(re.findall(r"^# ([A-Z][A-Z0-9_]*)=(\S+)$", EXAMPLE, flags=re.MULTILINE))
    alone = {name for name, where in marks().items() if where == {"compose"}}
    defaults = {name: set(re.findall(rf"\$\{{{name}:?-([^}}]*)\}}", TEXT)) for name in alone}

    assert {name: {shown[name]} for name in alone if name in shown} == defaults


def test_the_bounds_of_a_number_are_those_of_what_it_is_given_to() -> None:
    def least(verb: object, option: str) -> float:
        (info,) = [
            each
            for each in inspect.signature(verb).parameters[option].annotation.__metadata__  # type: ignore[arg-type]
            if isinstance(each, typer.models.OptionInfo)
        ]
        assert info.min is not None
        return info.min

    assert SERVICES["producer"]["command"][:2] == ["--rate", "${PRODUCER_RATE:-50}"]
    assert NUMBERS["PRODUCER_RATE"].least == least(produce, "rate")
    assert NUMBERS["RETRAIN_INTERVAL"].least == least(retrain, "interval")
    assert NUMBERS["RETRAIN_EVERY_DAYS"].least == least(retrain, "every")
    assert NUMBERS.keys() <= IN_COMPOSE
    assert COMPOSE["services"]["retrain"]["scale"] == "${RETRAIN:-1}"
