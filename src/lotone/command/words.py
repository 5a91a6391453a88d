"""All words of the `lotone` command."""

from pathlib import Path
from typing import Annotated

import typer

from lotone import __version__
from lotone.command import configure, house, plan, prove, running

app = typer.Typer(
    help="LotOne: an open industrial internet platform for lot size one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Data = Annotated[Path | None, typer.Option("--data", help="Folder for everything that LotOne keeps.", envvar="LOTONE_DATA")]

app.command()(running.up)
app.command()(running.demo)
app.command()(running.load)
app.command()(running.replay)
app.command()(running.doctor)
app.command(hidden=True)(running.serve)
app.command(hidden=True)(house.migration)
app.command(hidden=True)(house.docs)
configure.app.command()(prove.prove)
app.add_typer(configure.app, name="configure")
app.add_typer(plan.app, name="plan")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)
