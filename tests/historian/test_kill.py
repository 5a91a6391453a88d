"""Killed at any moment: everything acknowledged is found, nothing is doubled, and it starts again."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lotone.assets import Sample
from lotone.historian import Historian

ROUNDS = 6
SIZE = 150
NOON = 1_770_000_000_000_000

APPENDER = """
import sys
from pathlib import Path
from lotone.assets import Sample
from lotone.historian import Historian

folder, number = Path(sys.argv[1]), int(sys.argv[2])
historian = Historian(folder, memory_mb=256)
while True:
    samples = [Sample(1 + place % 5, 1_770_000_000_000_000 + number * 1_000_000 + place, number * 1000 + place)
               for place in range(150)]
    historian.append("demo", samples)
    print(number, flush=True)
    number += 1
    if number % 10 == 0:
        historian.compact()
"""


@pytest.mark.journey
def test_nothing_acknowledged_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    chance = random.Random(7)
    acknowledged = -1
    for _ in range(ROUNDS):
        # like a stream does after a crash, send the last acknowledged ones again
        first = max(0, acknowledged - 2)
        acknowledged = max(acknowledged, _append_until_killed(tmp_path, first, chance))
        _check(tmp_path, acknowledged)
    assert acknowledged > 3 * ROUNDS


def _append_until_killed(folder: Path, first: int, chance: random.Random) -> int:
    """Kill the appender somewhere after some acknowledgements; returns the last batch that it acknowledged."""
    command = [sys.executable, "-c", APPENDER, str(folder), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        lines = [process.stdout.readline() for _ in range(chance.randint(7, 25))]
        assert lines[-1], process.stderr.read()
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        return int([*lines, *process.stdout.readlines()][-1])


def _check(folder: Path, acknowledged: int) -> None:
    historian = Historian(folder, memory_mb=256)
    points = historian.read("demo", [1, 2, 3, 4, 5], 0, NOON + 10**12, limit=10**6).points
    found = sorted(sample for tag in points for sample in zip(points[tag].time, points[tag].value, strict=True))
    batches, rest = divmod(len(found), SIZE)
    assert rest == 0, "a batch is kept as a whole or not at all"
    assert batches - 1 >= acknowledged, "everything acknowledged is found"
    expected = [
        (NOON + number * 1_000_000 + place, number * 1000 + place) for number in range(batches) for place in range(SIZE)
    ]
    assert found == expected, "each sample once, as it was sent"
    assert historian.count("demo") == len(expected)
    newest = historian.last("demo", [1, 2, 3, 4, 5])
    assert newest[5] == Sample(5, *expected[-1])
    historian.close()
