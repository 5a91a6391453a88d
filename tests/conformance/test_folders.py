"""The reader of files: half-written ones, those that are moved, those that change, and the rows that can't be read."""

from pathlib import Path

import pytest

from conformance.bench import Recorder, tag, wait_until
from lotone.connect import Connection, Found, NotConnected, probe
from lotone.kernel import Invalid, Unavailable

pytestmark = pytest.mark.journey
HEAD = "time,x\n"


def row(second: int, value: object) -> str:
    return f"2026-03-02T12:00:{second:02},{value}\n"


def test_files_that_are_read_are_moved_and_their_faults_are_named(recorder: Recorder) -> None:
    folder = recorder.server.files / "demo" / "in"
    folder.mkdir(parents=True)
    recorder.add(Connection("press", "files", "in", {"done": "move", "poll_ms": 50}), tag("press/x", "press", "x"))
    wait_until(lambda: recorder.status("press") == "connected", "the folder is watched")
    (folder / "a.csv").write_text(HEAD + row(1, 1.5) + row(2, "hot") + row(3, 3.5))
    (folder / "b.xlsx").write_text("no workbook")
    wait_until(lambda: (folder / "done" / "a.csv").exists(), "it is moved")
    wait_until(lambda: recorder.values("press/x") == [1.5, 3.5], "the good rows")
    assert any(fault.startswith("press a.csv row 3 x:") for fault in recorder.quarantine())
    wait_until(lambda: any(fault.startswith("press b.xlsx:") for fault in recorder.quarantine()), "no workbook")
    assert (folder / "b.xlsx").exists(), "what could not be read stays where it is"


def test_a_file_that_grows_is_read_when_it_stops_and_what_changed_once_more(recorder: Recorder) -> None:
    folder = recorder.server.files / "demo" / "in"
    folder.mkdir(parents=True)
    recorder.add(Connection("press", "files", "in", {"poll_ms": 50}), tag("press/x", "press", "x"))
    wait_until(lambda: recorder.status("press") == "connected", "the folder is watched")
    path = folder / "a.csv"
    path.write_text(HEAD + row(1, 1))
    wait_until(lambda: recorder.values("press/x") == [1.0], "the first row")
    recorder.stop()
    with path.open("a") as file:
        file.write(row(2, 2))
    recorder.start()
    wait_until(lambda: recorder.values("press/x") == [1.0, 2.0], "the row that was added")
    moments = {(one.source_time, one.sequence) for one in recorder.good("press/x")}
    assert len(moments) == 2, "the first row, read twice, is one sample"


def test_a_folder_with_a_link_on_the_way_to_it_is_lost_for_its_organization(recorder: Recorder) -> None:
    others = recorder.server.files / "other" / "in"
    others.mkdir(parents=True)
    (others / "a.csv").write_text(HEAD + row(1, 1))
    own = recorder.server.files / "demo"
    own.mkdir()
    (own / "in").symlink_to(others)
    recorder.add(Connection("press", "files", "in", {"poll_ms": 50}), tag("press/x", "press", "x"))
    oven = tag("oven/x", "oven", "x")
    recorder.add(Connection("oven", "files", "in", {"poll_ms": 50}), oven, organization="other")
    wait_until(lambda: recorder.values("oven/x") == [1.0], "the other organization has its own folder of this name")
    wait_until(lambda: recorder.status("press") == "lost", "the link is not followed")
    assert recorder.values("press/x") == []
    with pytest.raises(Unavailable, match="let the operator"):
        recorder.writer.probe("demo", "files", "in", {})
    with pytest.raises(Invalid, match="no folder of this organization"):
        recorder.writer.probe("demo", "files", "../other/in", {})
    assert [node.address for node in recorder.writer.probe("other", "files", "in", {}).nodes] == ["x"]


async def test_a_folder_is_tried_before_it_is_saved(tmp_path: Path) -> None:
    async def tried(address: str, **settings: str) -> Found:
        return await probe("files", address, settings, organization="demo", files=tmp_path)

    with pytest.raises(NotConnected, match="no folder"):
        await tried("nowhere")
    (tmp_path / "in").mkdir()
    assert "put one there" in (await tried("in")).words.en
    (tmp_path / "in" / "a.csv").write_text("time,x,on,who\n1772452800,1.5,true,me\n")
    found = await tried("in")
    assert [(node.address, node.value) for node in found.nodes] == [("x", 1.5), ("on", True), ("who", "me")]
    with pytest.raises(NotConnected, match=r"a\.csv: there is no column 'when'"):
        await tried("in", time="when")
