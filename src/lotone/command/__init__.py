"""The `lotone` command: run an installation, the demonstration, a replay; find out what is wrong; work on plain files."""

from lotone.command.main import main

__all__ = ["main"]
