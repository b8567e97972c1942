"""Set-up shows progress, as bars on a terminal and as a few lines elsewhere."""

import io

from rich.console import Console

from fraudstream.local.setup import progress


def shown(*, terminal: bool) -> str:
    output = io.StringIO()
    with progress(Console(file=output, force_terminal=terminal, width=100)) as report:
        for done in range(47):
            report("kafka", done, 46)
    return output.getvalue()


def test_without_a_terminal_there_are_a_few_plain_lines() -> None:
    lines = shown(terminal=False).splitlines()

    assert lines[0] == "Kafka broker: 0 of 46 jars"
    assert lines[-1] == "Kafka broker: 46 of 46 jars"
    assert len(lines) <= 6


def test_on_a_terminal_there_is_a_bar() -> None:
    assert "46/46" in shown(terminal=True)
