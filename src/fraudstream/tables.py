"""Tables of figures for people, whole on narrow terminals and in pipes: half a number says nothing."""

from rich.console import Console
from rich.table import Table

WIDEST = 200
"""Characters of the widest table."""


def figures_table(*columns: str) -> Table:
    """A table without lines: names in the first column, figures in the others."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    for name in columns:
        table.add_column(name, justify="left" if name == columns[0] else "right", no_wrap=True)
    return table


def print_whole(table: Table, console: Console) -> None:
    """Print a table at its full width, whatever the console's is."""
    width = console.width
    console.width = max(width, console.measure(table, options=console.options.update(max_width=WIDEST)).maximum)
    console.print(table)
    console.width = width
