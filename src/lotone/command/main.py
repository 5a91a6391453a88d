"""The command line: words in, words out, exit codes; every error is one clear sentence."""

import sys
from importlib import import_module
from typing import Any

import typer

from lotone.kernel.errors import LotOneError

WORDS: dict[str, tuple[str, ...]] = {
    "configure": ("check", "complete", "convert", "count", "explain", "nearest", "options", "sample"),
    "plan": ("check", "convert", "draw", "solve"),
}
LIBRARIES: dict[tuple[str, ...], str] = {
    (room, word): f"lotone.command.{room}" for room, words in WORDS.items() for word in words
}
"""Words that work on plain files; they start at once, as nothing of the installation is loaded for them."""


def main() -> None:
    """Run the command; what LotOne can explain ends with one sentence and exit code 2."""
    library = LIBRARIES.get(tuple(sys.argv[1:3]))
    app: Any = import_module(library or "lotone.command.words").app
    try:
        if library:
            app(sys.argv[2:], prog_name=f"lotone {sys.argv[1]}")
        else:
            app()
    except LotOneError as fault:
        typer.secho(f"lotone: {fault}", err=True, fg=typer.colors.RED)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
