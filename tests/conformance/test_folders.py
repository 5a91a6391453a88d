"""The reader of files: half-written ones, those that are moved, those that change, and the rows that can't be read."""

from pathlib import Path

import pytest

from conformance.bench import Recorder, tag, wait_until
from lotone.connect import Connection, NotConnected, probe

pytestmark = pytest.mark.journey
HEAD = "time,x\n"


def row(second: int, value: object) -> str:
    return f"2026-03-02T12:00:{second:02},{value}\n"


def test_files_that_are_read_are_moved_and_their_faults_are_named(recorder: Recorder, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    recorder.add(Connection("press", "files", folder.as_uri(), {"done": "move", "poll_ms": 50}), tag("press/x", "press", "x"))
    wait_until(lambda: recorder.status("press") == "connected", "the folder is watched")
    (folder / "a.csv").write_text(HEAD + row(1, 1.5) + row(2, "hot") + row(3, 3.5))
    (folder / "b.xlsx").write_text("no workbook")
    wait_until(lambda: (folder / "done" / "a.csv").exists(), "it is moved")
    wait_until(lambda: recorder.values("press/x") == [1.5, 3.5], "the good rows")
    assert any(fault.startswith("press a.csv row 3 x:") for fault in recorder.quarantine())
    wait_until(lambda: any(fault.startswith("press b.xlsx:") for fault in recorder.quarantine()), "no workbook")
    assert (folder / "b.xlsx").exists(), "what could not be read stays where it is"


def test_a_file_that_grows_is_read_when_it_stops_and_what_changed_once_more(recorder: Recorder, tmp_path: Path) -> None:
    recorder.add(Connection("press", "files", tmp_path.as_uri(), {"poll_ms": 50}), tag("press/x", "press", "x"))
    wait_until(lambda: recorder.status("press") == "connected", "the folder is watched")
    path = tmp_path / "a.csv"
    path.write_text(HEAD + row(1, 1))
    wait_until(lambda: recorder.values("press/x") == [1.0], "the first row")
    recorder.stop()
    with path.open("a") as file:
        file.write(row(2, 2))
    recorder.start()
    wait_until(lambda: recorder.values("press/x") == [1.0, 2.0], "the row that was added")
    moments = {(one.source_time, one.sequence) for one in recorder.good("press/x")}
    assert len(moments) == 2, "the first row, read twice, is one sample"


async def test_a_folder_is_tried_before_it_is_saved(tmp_path: Path) -> None:
    with pytest.raises(NotConnected, match="no folder"):
        await probe("files", (tmp_path / "nowhere").as_uri(), {}, organization="demo")
    assert "put one there" in (await probe("files", tmp_path.as_uri(), {}, organization="demo")).words.en
    (tmp_path / "a.csv").write_text("time,x,on,who\n1772452800,1.5,true,me\n")
    found = await probe("files", tmp_path.as_uri(), {}, organization="demo")
    assert [(node.address, node.value) for node in found.nodes] == [("x", 1.5), ("on", True), ("who", "me")]
    with pytest.raises(NotConnected, match=r"a\.csv: there is no column 'when'"):
        await probe("files", tmp_path.as_uri(), {"time": "when"}, organization="demo")
