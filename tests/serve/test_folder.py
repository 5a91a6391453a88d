"""The data folder keeps ports, secrets and the plant's time over restarts, and refuses clearly when it can't."""

import socket
from datetime import timedelta
from pathlib import Path

import pytest

from lotone.kernel import Settings
from lotone.serve.folder import Folder, NoDataFolder, PortTaken, free_port, read_whole, write_whole


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(Settings(data=tmp_path))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NoDataFolder, match="file"):
        Folder(Settings(data=tmp_path / "file"))


def test_a_secret_stays_the_same_and_is_private(folder: Folder) -> None:
    assert folder.secret("messages") == Folder(folder.settings).secret("messages")
    assert (folder.root / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_chosen_port_is_kept_and_two_programs_never_share_one(folder: Folder) -> None:
    chosen = folder.choose_port("machine-1")
    assert folder.choose_port("machine-1") == chosen == folder.port("machine-1")
    assert folder.choose_port("machine-2") != chosen


def test_a_wished_port_that_is_taken_is_refused(folder: Folder) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortTaken, match="web"):
            folder.choose_port("web", other.getsockname()[1])
    free = free_port()
    assert folder.choose_port("web", free) == free


def test_a_simulated_plant_goes_on_where_it_stopped(tmp_path: Path) -> None:
    folder = Folder(Settings(data=tmp_path, speed=3600))
    clock = folder.start_clock()
    assert folder.clock() == clock
    folder.keep_plant_time(clock)
    later = Folder(Settings(data=tmp_path, speed=3600)).start_clock()
    assert timedelta(0) <= later.plant_anchor - clock.plant_anchor < timedelta(hours=12)
    assert later.plant_anchor > clock.plant_anchor


def test_a_real_plant_shows_the_walls_time(folder: Folder) -> None:
    clock = folder.start_clock()
    folder.keep_plant_time(clock)
    assert clock.plant_anchor == clock.wall_anchor
    assert not (folder.run / "plant_time.json").exists()


def test_a_damaged_file_is_replaced(folder: Folder) -> None:
    path = folder.run / "ports.json"
    path.write_text('{"web": ')
    assert read_whole(path) == {}
    write_whole(path, {"web": 1})
    assert read_whole(path) == {"web": 1}
