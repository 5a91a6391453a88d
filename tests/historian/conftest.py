"""A historian of one's own, and one that all tests of a module share, each under an organization of its own."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lotone.historian import Historian


@pytest.fixture
def historian(tmp_path: Path) -> Iterator[Historian]:
    opened = Historian(tmp_path / "historian", memory_mb=256)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Historian]:
    opened = Historian(tmp_path_factory.mktemp("historian"), memory_mb=256)
    yield opened
    opened.close()


ORGANIZATIONS = count(1)


@pytest.fixture
def organization() -> str:
    return f"org-{next(ORGANIZATIONS)}"


@pytest.fixture
def tag() -> int:
    """A tag that no other test uses: its number is the installation's."""
    return 1000 * next(ORGANIZATIONS)
