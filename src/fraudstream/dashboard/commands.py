"""The page's verbs of the command line."""

from typing import Annotated

import typer

dashboard = typer.Typer()
tokens = typer.Typer(help="Tokens by which programs use the API of the analyst's page.", no_args_is_help=True)


@dashboard.command("dashboard")
def serve() -> None:
    """Show the analyst's page, until stopped."""
    from fraudstream.dashboard.service import serve as run  # noqa: PLC0415

    run()


@dashboard.command("dashboard-secret")
def secret(
    name: Annotated[str, typer.Argument(help="Account; admin is made if it is not there.")] = "admin",
) -> None:
    """Print a new one-time secret for an account of the analyst's page."""
    from fraudstream.dashboard.service import new_secret  # noqa: PLC0415

    typer.echo(new_secret(name))


@tokens.command("make")
def make_token(
    name: Annotated[str, typer.Argument(help="Name of the program that gets it.")],
    *,
    role: Annotated[str, typer.Option(help="viewer looks, analyst decides, admin sees the audit log.")] = "viewer",
    days: Annotated[int, typer.Option(min=1, help="How long it is good.")] = 90,
) -> None:
    """Print a new token; it is shown this once and stored as its digest alone."""
    from fraudstream.adapters.database.account_store import Standing  # noqa: PLC0415
    from fraudstream.dashboard.api_tokens import COMMAND_LINE, tokens_here  # noqa: PLC0415

    if role not in set(Standing):
        raise typer.BadParameter(f"a role is {', '.join(Standing)}")
    with tokens_here() as here:
        typer.echo(here.make(name, Standing(role), days, by=COMMAND_LINE, address="this machine"))


@tokens.command("revoke")
def revoke_token(name: Annotated[str, typer.Argument(help="Name of the token.")]) -> None:
    """Let a token open nothing from now on."""
    from fraudstream.dashboard.api_tokens import COMMAND_LINE, tokens_here  # noqa: PLC0415

    with tokens_here() as here:
        here.revoke(name, by=COMMAND_LINE, address="this machine")
    typer.echo(f"{name} is revoked")


@tokens.command("list")
def list_tokens() -> None:
    """List every token there ever was, the newest first."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from fraudstream.dashboard.api_tokens import tokens_here  # noqa: PLC0415

    with tokens_here() as here:
        for each in here.store.everything():
            state, used = each.state(datetime.now(UTC)), "never" if each.used_at is None else f"{each.used_at:%F %R}"
            ends = f"until {each.expires_at:%F}" if state == "active" else state
            typer.echo(f"{each.name}  {each.standing.value}, {ends}, last used {used}, made by {each.created_by}")
