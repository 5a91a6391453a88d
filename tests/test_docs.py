"""The documentation says what is true: settings, commands, doors, links."""

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest
from typer.main import get_command

from lotone.command.house import settings_page
from lotone.command.words import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOORS = sorted(path.parent.name for path in (ROOT / "src" / "lotone").glob("*/__init__.py"))


def test_the_settings_page_is_made_from_the_settings() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == settings_page(), "run `make docs`"


def test_every_command_is_in_the_readme_and_the_other_way_round() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = {name for name, command in get_command(app).commands.items() if not command.hidden}  # type: ignore[attr-defined]
    shown = set(re.findall(r"`lotone (\w+)", readme))
    assert shown == commands


def test_the_readme_shows_the_two_words() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in readme
    assert "make test" in readme


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("door", DOORS)
def test_every_name_of_a_door_is_described(door: str) -> None:
    module = importlib.import_module(f"lotone.{door}")
    assert module.__doc__
    for name in getattr(module, "__all__", []):
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), f"lotone.{door}.{name} does not say what it is"


@pytest.mark.parametrize("door", DOORS)
def test_examples_of_a_door_run(door: str) -> None:
    assert doctest.testmod(importlib.import_module(f"lotone.{door}")).failed == 0


def test_the_architecture_names_every_package() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    missing = [door for door in DOORS if f"`{door}`" not in text and f"`{door}/`" not in text]
    assert not missing
