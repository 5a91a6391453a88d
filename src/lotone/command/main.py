"""The command line: words in, words out, exit codes; every error is one clear sentence."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lotone import __version__
from lotone.command import configure, house, prove, running
from lotone.kernel import LotOneError

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


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command; what LotOne can explain ends with one sentence and exit code 2."""
    try:
        app()
    except LotOneError as fault:
        typer.secho(f"lotone: {fault}", err=True, fg=typer.colors.RED)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
