"""The journal: what was appended is there after anything, is counted once, and is forgotten only when it may be."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.demo.machines import count_published, journal
from lotone.demo.machines.core import Frame
from lotone.demo.machines.journal import Journal


def frames(start: int, count: int) -> list[Frame]:
    return [Frame(number * 1_000, {"temperature": number / 7, "state": 1}) for number in range(start, start + count)]


def test_frames_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "m-1.sqlite3"
    first = Journal(path)
    assert first.memory() is None
    assert first.append(frames(1, 3), {"good": 1}) == [1, 2, 3]
    first.close()
    again = Journal(path)
    assert again.append(frames(4, 2), {"good": 2}, {"heard": "3"}) == [4, 5]
    assert [number for number, _ in again.after(1, 10)] == [2, 3, 4, 5]
    assert [frame for _, frame in again.after(0, 10)] == frames(1, 5)
    assert (again.count(), again.newest, again.memory(), again.note("heard")) == (10, 5, {"good": 2}, "3")
    again.close()


def test_a_stretch_of_time_is_read_in_both_directions(tmp_path: Path) -> None:
    kept = Journal(tmp_path / "m.sqlite3")
    kept.append(frames(1, 9), {})
    assert [frame.time for frame in kept.between(3_000, 6_000)] == [3_000, 4_000, 5_000, 6_000]
    assert [frame.time for frame in kept.between(None, 2_500, newest_first=True)] == [2_000, 1_000]
    assert [frame.time for frame in kept.between(8_500, None)] == [9_000]
    kept.close()


def test_a_failed_append_keeps_nothing(tmp_path: Path) -> None:
    kept = Journal(tmp_path / "m.sqlite3")
    kept.append(frames(1, 2), {"good": 1})
    with pytest.raises(sqlite3.IntegrityError):
        kept.append(frames(2, 1), {"good": 2})  # the same time again
    assert (kept.count(), kept.newest, kept.memory()) == (4, 2, {"good": 1})
    kept.append(frames(3, 1), {})
    assert (kept.count(), kept.newest) == (6, 3)
    kept.close()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT", 10)
    monkeypatch.setattr(journal, "KEPT_UNHEARD", 50)
    monkeypatch.setattr(journal, "PRUNE_EVERY", 5)


def test_what_was_heard_is_forgotten_and_still_counted(small: None, tmp_path: Path) -> None:
    kept = Journal(tmp_path / "m.sqlite3")
    for start in range(1, 41, 5):
        kept.append(frames(start, 5), {}, {"heard": str(max(0, start - 5))})
    left = [number for number, _ in kept.after(0, 100)]
    assert left[-1] == 40
    assert left[0] > 20
    assert left == list(range(left[0], 41))
    assert (kept.count(), kept.dropped()) == (80, 0)
    kept.close()


def test_what_nobody_heard_is_kept_as_long_as_can_be_and_its_loss_is_counted(small: None, tmp_path: Path) -> None:
    kept = Journal(tmp_path / "m.sqlite3")
    kept.keep_note("heard", "3")
    for start in range(1, 41, 5):
        kept.append(frames(start, 5), {})
    assert [number for number, _ in kept.after(3, 100)] == list(range(4, 41))
    for start in range(41, 101, 5):
        kept.append(frames(start, 5), {})
    left = [number for number, _ in kept.after(0, 200)]
    assert kept.dropped() == left[0] - 4 > 30
    assert kept.count() == 200
    kept.close()


def test_without_acknowledgements_the_newest_are_kept(small: None, tmp_path: Path) -> None:
    kept = Journal(tmp_path / "m.sqlite3")
    for start in range(1, 101, 5):
        kept.append(frames(start, 5), {})
    left = [number for number, _ in kept.after(0, 200)]
    assert 10 <= len(left) <= 20
    assert kept.dropped() == 0, "readers come for these by themselves; nothing was promised to anybody"
    kept.close()


Values = st.dictionaries(
    st.text(max_size=8),
    st.one_of(
        st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=9)
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30, deadline=None)
@given(said=st.lists(Values, max_size=8))
def test_every_value_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, said: list[dict[str, object]]) -> None:
    kept = Journal(tmp_path_factory.mktemp("journal") / "m.sqlite3")
    given_frames = [Frame(number, values) for number, values in enumerate(said, start=1)]  # type: ignore[arg-type]
    kept.append(given_frames, {})
    back = [frame for _, frame in kept.after(0, 100)]
    assert back == given_frames
    assert [list(map(type, frame.values.values())) for frame in back] == [
        list(map(type, frame.values.values())) for frame in given_frames
    ]
    kept.close()


WRITER = """
import sys
from pathlib import Path
from lotone.demo.machines.core import Frame
from lotone.demo.machines.journal import Journal
kept = Journal(Path(sys.argv[1]))
number = kept.newest
while True:
    number += 1
    values = {"a": number, "b": float(number)} if number % 2 else {"a": number}
    kept.append([Frame(number, values)], {"number": number})
    print(number, flush=True)
"""


@pytest.mark.journey
def test_killed_writers_lose_nothing_that_they_said(tmp_path: Path) -> None:
    path = tmp_path / "m-1.sqlite3"
    said = 0
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout
        until = time.monotonic() + 0.4
        first = int(writer.stdout.readline())
        assert first >= said + 1
        while time.monotonic() < until:
            said = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        whole_lines = writer.stdout.read().rpartition("\n")[0].split()
        said = int(whole_lines[-1]) if whole_lines else said
        writer.wait(10)
        writer.stdout.close()
        kept = Journal(path)
        numbers = [frame.values["a"] for _, frame in kept.after(0, 10**9)]
        assert numbers == list(range(kept.newest + 1 - len(numbers), kept.newest + 1))
        assert len(numbers) >= min(kept.newest, journal.KEPT)
        assert kept.newest >= said, "a frame that was told to others is not in the journal"
        assert kept.memory() == {"number": kept.newest}
        assert kept.count() == kept.newest + (kept.newest + 1) // 2
        kept.close()
        assert count_published(tmp_path) == {"m-1": kept.count()}
    assert said > 100
