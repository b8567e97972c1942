"""The producer's verbs of the command line: a simulated city, your own lines or table, tokens for card numbers."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

producer = typer.Typer()

Seed = Annotated[int, typer.Option(help="Seed of the simulated city.")]
Customers = Annotated[int, typer.Option(min=1, max=200_000, help="Number of simulated cardholders.")]
HistoryDays = Annotated[int, typer.Option(min=7, max=400, help="Days of simulated history before the live stream.")]
Start = Annotated[
    datetime | None, typer.Option(help="First simulated day; by default so long ago that the stream can run fast.")
]
Map = Annotated[
    list[str] | None,
    typer.Option(help="Columns of a CSV file as amount=Betrag, values of all rows as location:=Miami."),
]


@producer.command()
def produce(  # noqa: PLR0913 - one for each option
    *,
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Payments a second; a file goes as fast as it can.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.1, help="Simulated seconds in a second, instead of --rate.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many payments.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after so many seconds.")] = None,
    file: Annotated[
        str | None, typer.Option(help="Send these JSON lines unchanged, or this .csv; - is standard input.")
    ] = None,
    map: Map = None,  # noqa: A002 - the option's name
    report: Annotated[Path | None, typer.Option(help="Where rows of a CSV file go that are no payments.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what a CSV file holds.")] = False,
    ramp: Annotated[float, typer.Option(min=0, help="Seconds in which --rate grows to its height.")] = 0.0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after an earlier run of the same city.")] = False,
    seed: Seed = 7,
    customers: Customers = 2_000,
    history_days: HistoryDays = 45,
    start: Start = None,
) -> None:
    """Send payments: a simulated city's, or your own file's."""
    from fraudstream.producer.main import LiveRequest, produce_file, produce_live  # noqa: PLC0415

    if file is not None and (map or dry_run or file.lower().endswith(".csv")):
        raise typer.Exit(_table(Path(file), map, report, rate, dry_run=dry_run))
    if file is not None:
        raise typer.Exit(produce_file(file, rate=rate))
    request = LiveRequest(
        seed=seed,
        customers=customers,
        history_days=history_days,
        start=_epoch_seconds(start),
        rate=rate or (None if speed else 1_000.0),
        speed=speed,
        count=count,
        seconds=seconds,
        resume=resume,
        ramp=ramp,
    )
    raise typer.Exit(produce_live(request))


@producer.command()
def tokenize(
    file: Annotated[Path, typer.Argument(help="CSV file that holds card numbers.")],
    *,
    to: Annotated[Path, typer.Option(help="The file to write; must not be there yet.")],
    map: Map = None,  # noqa: A002 - the option's name
) -> None:
    """Replace the card numbers of a CSV file by keyed tokens, before anything else sees them."""
    from fraudstream.settings import TokenSettings  # noqa: PLC0415
    from fraudstream.tabular.mapping import TableMap  # noqa: PLC0415
    from fraudstream.tabular.reading import opened  # noqa: PLC0415
    from fraudstream.tabular.tokens import Tokenizer, key_in  # noqa: PLC0415

    settings = TokenSettings.load()
    given = settings.token_key
    key = key_in(settings.token_key_file) if given is None else given.get_secret_value().encode()
    with opened(file) as content:
        done = Tokenizer(key).rewrite(TableMap.read(",".join(map or ())).table(content, str(file)), to)
    for column, count in done.tokens.items():
        typer.echo(f"column {column}: {count:,} tokens{', every cell' if column in done.whole else ''}")
    typer.echo(f"{done.rows:,} rows in {to}" + ("" if done.tokens else "; no card number was found"))


def _table(file: Path, pairs: list[str] | None, report: Path | None, rate: float | None, *, dry_run: bool) -> int:
    from fraudstream.producer.main import TableRequest, produce_table  # noqa: PLC0415
    from fraudstream.tabular.mapping import TableMap  # noqa: PLC0415

    how = TableMap.read(",".join(pairs or ()))
    return produce_table(TableRequest(file, how, report, rate, dry_run), typer.echo)


def _epoch_seconds(moment: datetime | None) -> float | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
