"""Whoever has to put something right is told how: a message of a wrong set-up holds a command, or asks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "fraudstream"
ASKS = re.compile(
    r"`|\b(add|allow|ask|begin|call|change|choose|compare|correct|create|decide|delete|exchange|give|go|install|"
    r"is it|leave|look|make|must|name|needs?|needed|only|pass|point|promote|put|raised?|reinstall|rename|renew|"
    r"restore|run|say|see|send|set|simulate|start|stop|take|takes|train|try|use|wait|write|at least|at most|between)\b",
    re.IGNORECASE,
)
STEP_LAST = re.compile(r"\{\}\.?$|^\{\}")
"""The step, or all of it, is put in: another message, or what a library says of its own setting."""
NOBODY_CAN = {"the simulation labelled a payment that is not in its history": "a mistake of ours, told as what it is"}


def messages(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
            raised = node.exc.func
            if isinstance(raised, ast.Name) and raised.id == "ConfigurationError":
                text = literal(node.exc.args[0])
                if text is not None:
                    yield node.lineno, text


def literal(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


FOUND = [
    pytest.param(text, id=f"{path.relative_to(SOURCE)}:{line}")
    for path in sorted(SOURCE.rglob("*.py"))
    for line, text in messages(ast.parse(path.read_text(encoding="utf-8")))
]


@pytest.mark.parametrize("text", FOUND)
def test_a_message_says_what_to_do(text: str) -> None:
    assert ASKS.search(text) or STEP_LAST.search(text) or text in NOBODY_CAN


def test_a_message_that_only_complains_would_be_found() -> None:
    complaint = ast.parse("raise ConfigurationError(f'{name} is wrong')")

    assert [ASKS.search(text) for _, text in messages(complaint)] == [None]
    assert len(FOUND) > 100
