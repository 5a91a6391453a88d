"""Commands for those who build LotOne: a new migration, the generated pages of the documentation."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from lotone.kernel import Database, Settings
from lotone.serve.migrate import migrate, write_migration


def migration(why: Annotated[str, typer.Argument(help="What changes, in a few words.")]) -> None:
    """Write a migration from the tables of the last release to those that the stores declare now."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/state.sqlite3")
        migrate(database)
        typer.echo(write_migration(database, why))
        database.close()


def docs(folder: Annotated[Path, typer.Option(help="Where the documentation is.")] = Path("docs")) -> None:
    """Make the generated pages of the documentation: the settings."""
    path = folder / "settings.md"
    path.write_text(settings_page(), encoding="utf-8")
    typer.echo(path)


def settings_page() -> str:
    """The settings as a page: name, default, meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in ("", None) else f"`{field.default}`"
        rows.append(f"| `LOTONE_{name.upper()}` | `{name}` | {default} | {field.description} |")
    return "\n".join(
        [
            "# Settings",
            "",
            "A setting comes from, in order of weight: an option of the command, an environment variable,",
            "`lotone.toml` in the data folder, the default. An unknown or wrong setting is refused with its name.",
            "",
            "| variable | in `lotone.toml` | default | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )
