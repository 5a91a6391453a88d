"""Keep samples of a machine and read them back in buckets, without a platform: `python examples/keep_and_read_samples.py`.

The files in the folder are open: any tool that reads Parquet or DuckLake reads them.
"""

import math
import tempfile
from pathlib import Path

from lotone.assets import Sample
from lotone.historian import Historian

SECOND = 1_000_000
"""Times are microseconds since 1970."""
START = 1_772_000_000 * SECOND
TEMPERATURE = 1
"""The number of the tag."""


def main() -> None:
    hour = [
        Sample(TEMPERATURE, START + second * SECOND, 20 + 5 * math.sin(second / 600), receive_time=START)
        for second in range(3600)
    ]
    with tempfile.TemporaryDirectory() as folder:
        historian = Historian(Path(folder))
        kept = historian.append("demo", hour)
        again = historian.append("demo", hour[:100])
        print(f"{kept.new} samples are on disk; sent again, {again.duplicate} were known already")

        series = historian.read("demo", [TEMPERATURE], START, START + 3600 * SECOND, buckets=6)
        buckets = series.buckets[TEMPERATURE]
        for low, high in zip(buckets.min, buckets.max, strict=True):
            print(f"  {low:5.1f} to {high:5.1f} °C")
        print("nothing is missing" if series.complete else "there is more to read")
        historian.close()


if __name__ == "__main__":
    main()
