"""A folder of one organization: nothing outside of it can be listed, opened or moved, whatever links lie in it."""

import os
from pathlib import Path

import pytest

from lotone.connect.drivers.own_folder import OwnFolder


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret" / "state.csv"
    path.parent.mkdir()
    path.write_text("secret")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> OwnFolder:
    (tmp_path / "demo" / "hall" / "press").mkdir(parents=True)
    return OwnFolder(tmp_path / "demo", ("hall", "press"))


def test_plain_files_are_listed_opened_and_moved(folder: OwnFolder) -> None:
    (folder.path / "a.csv").write_text("one")
    assert set(folder.files()) == {"a.csv"}
    with folder.open("a.csv") as file:
        assert (file.name, file.read()) == (str(folder.path / "a.csv"), b"one")
    folder.move("a.csv", "done")
    (folder.path / "a.csv").write_text("two")
    folder.move("a.csv", "done")
    assert {one.name: one.read_text() for one in (folder.path / "done").iterdir()} == {"a.csv": "one", "a-2.csv": "two"}


def test_links_to_files_folders_and_pipes_are_neither_listed_nor_opened(folder: OwnFolder, secret: Path) -> None:
    (folder.path / "a.csv").symlink_to(secret)
    (folder.path / "b.csv").symlink_to("../../../secret/state.csv")
    (folder.path / "c").symlink_to(secret.parent)
    os.mkfifo(folder.path / "d.csv")
    assert folder.files() == {}
    for name in ("a.csv", "b.csv", "c", "d.csv", "c/state.csv"):
        with pytest.raises(OSError, match=name):
            folder.open(name).close()


@pytest.mark.parametrize("step", ["hall", "hall/press"])
def test_a_link_on_the_way_is_refused(folder: OwnFolder, secret: Path, step: str) -> None:
    (folder.path).rmdir()
    if step == "hall":
        (folder.root / "hall").rmdir()
    (secret.parent / "press").mkdir()
    (folder.root / step).symlink_to(secret.parent)
    with pytest.raises(OSError, match=step.rpartition("/")[2]):
        folder.files()
    with pytest.raises(OSError, match=step.rpartition("/")[2]):
        folder.open("state.csv")


def test_nothing_is_moved_through_a_link(folder: OwnFolder, secret: Path) -> None:
    (folder.path / "state.csv").write_text("mine")
    (folder.path / "done").symlink_to(secret.parent)
    with pytest.raises(OSError, match="done"):
        folder.move("state.csv", "done")
    assert secret.read_text() == "secret"
    assert (folder.path / "state.csv").read_text() == "mine"


def test_the_organizations_own_folder_may_be_a_link_of_the_operator(tmp_path: Path, folder: OwnFolder) -> None:
    (folder.path / "a.csv").write_text("one")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "demo").symlink_to(folder.root)
    assert set(OwnFolder(tmp_path / "files" / "demo", folder.names).files()) == {"a.csv"}
