"""Recorded CSV files: every fault is named by file and line, and columns play as signals."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lotone.demo.machines import MachineSpec, Recording, SpecFault
from lotone.demo.machines.model import microseconds
from lotone.demo.machines.recording import CsvRecording, Recorder, RecordingFault, parsed_time, tag_name
from lotone.demo.machines.station import Station

GOOD = "datetime;Temperature;Volume Flow RateRMS\n2020-03-09 10:00:00;20.5;32\n2020-03-09 10:00:01;20.7;31\n"


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "recording.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_rows_have_their_time_and_values(written: Any) -> None:
    recording = CsvRecording(written(GOOD))
    rows = list(recording.rows())
    assert [row.time for row in rows] == [datetime(2020, 3, 9, 10, 0, second, tzinfo=UTC) for second in (0, 1)]
    assert rows[0].values == {"temperature": 20.5, "volume-flow-raterms": 32.0}
    assert (recording.bad_rows, recording.bad_values, recording.faults) == (0, 0, [])


def test_bad_rows_and_values_are_named_counted_and_left_out(written: Any) -> None:
    path = written(GOOD + "yesterday;1;2\n2020-03-09 10:00:02;nan;33\n2020-03-09 10:00:03;1\n\n2020-03-09 10:00:04;;\n")
    recording = CsvRecording(path)
    assert [row.line for row in recording.rows()] == [2, 3, 5]
    assert (recording.bad_rows, recording.bad_values) == (3, 1)
    assert recording.faults == [
        f"{path}:4: 'yesterday' is no time",
        f"{path}:5: 'nan' in column Temperature is no value that can be kept",
        f"{path}:6: 2 cells where the header has 3",
        f"{path}:8: no values",
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"", "no header line"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "can't be read as text"),
        (b"\x00\x01\x02\n", "no header line"),
        ("time\n1\n", "value columns beside the time"),
        ("time,a,A\n1,2,3\n", "two columns are called a"),
        ("time,a,\n1,2,3\n", "named value columns"),
    ],
)
def test_a_file_that_is_no_recording_is_refused_with_its_line(written: Any, text: str | bytes, sentence: str) -> None:
    with pytest.raises(RecordingFault, match=r"recording\.csv:1: .*" + sentence):
        CsvRecording(written(text))


def test_a_missing_time_column_is_named(written: Any) -> None:
    with pytest.raises(RecordingFault, match="no column when, only datetime, Temperature"):
        CsvRecording(written(GOOD), time_column="when")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingFault, match=r"nothing\.csv:1: can't be read"):
        CsvRecording(tmp_path / "nothing.csv")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-03-09 10:14:33", datetime(2020, 3, 9, 10, 14, 33, tzinfo=UTC)),
        ("2020-03-09T10:14:33+02:00", datetime(2020, 3, 9, 8, 14, 33, tzinfo=UTC)),
        ("1583748873", datetime(2020, 3, 9, 10, 14, 33, tzinfo=UTC)),
        ("1583748873000", datetime(2020, 3, 9, 10, 14, 33, tzinfo=UTC)),
        ("1583748873000000", datetime(2020, 3, 9, 10, 14, 33, tzinfo=UTC)),
        ("inf", None),
        ("1e300", None),
        ("09.03.2020", None),
    ],
)
def test_times_in_several_forms(text: str, moment: datetime | None) -> None:
    assert parsed_time(text) == moment


def test_columns_become_tag_names() -> None:
    assert tag_name("Volume Flow RateRMS") == "volume-flow-raterms"
    assert tag_name("  Δp (bar) ") == "p-bar"


def test_a_recording_plays_in_a_loop(lab: Any, written: Any) -> None:
    start = datetime(2026, 3, 2, 6, tzinfo=UTC)
    recorder = Recorder(Recording(str(written(GOOD))), lab.spec().tags, start=start)

    def at(seconds: float) -> float:
        return recorder.at(microseconds(start + timedelta(seconds=seconds)))["temperature"]

    assert [at(0), at(0.9), at(1), at(1.9), at(2), at(3.5)] == [20.5, 20.5, 20.7, 20.7, 20.5, 20.7]


def test_recorded_columns_are_a_machines_signals(lab: Any, written: Any) -> None:
    path = written("time,T Motor\n0,33.3333\n1,44\n")
    plain = lab.spec().as_json()
    recording = {"path": str(path), "columns": {"temperature": "T Motor"}}
    station = Station(MachineSpec.from_json({**plain, "recording": recording}))
    station.tick()
    assert station.latest()["temperature"][1] in (33.3, 44.0)
    assert 0 < station.latest()["vibration"][1] < 1, "the others are simulated"
    station.close()


def test_a_recording_without_a_sensor_of_the_machine_is_refused(lab: Any, written: Any) -> None:
    with pytest.raises(SpecFault, match="none of its columns speed is a sensor"):
        Recorder(Recording(str(written("time,speed\n0,1\n"))), lab.spec().tags, start=datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(SpecFault, match=r"not one good row; .*:2: 'x' is no time"):
        Recorder(Recording(str(written("time,temperature\nx,1\n"))), lab.spec().tags, start=datetime(2026, 3, 2, tzinfo=UTC))
