"""A recorder as a process of its own, to be killed: `python recorder_process.py URL DATABASE FILE`. Records into a file."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import orjson

from lotone.assets import DataType, Meaning, Sample, Tag
from lotone.connect import Connection, Intake, Plan
from lotone.kernel import Database, Messages, PlantClock, Words


def main(url: str, database: str, path: str) -> None:
    tags = [
        Tag(number, "rig", f"t{number}", Words("t"), DataType.NUMBER, Meaning.SENSOR, connection="rig")
        for number in range(1, 5)
    ]
    plan = Plan(tags, [Connection("rig", "mqtt", "rig")])
    out = Path(path).open("ab", buffering=0)  # noqa: SIM115 (for as long as the process lives)

    def record(organization: str, samples: list[tuple[Tag, Sample]]) -> None:
        rows = [(tag.number, sample.source_time, sample.value) for tag, sample in samples]
        out.write(orjson.dumps(rows) + b"\n")
        os.fsync(out.fileno())

    messages = Messages(url, name="recorder")
    messages.connect()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    intake = Intake(messages, Database(database), load=lambda _name: plan, record=record, plant_clock=PlantClock(start, start))
    intake.start()
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
