"""The whole loop while each process is killed (kill -9) in turn: five rounds, and still every check must hold.

The run is longer than the plain one, because after each kill some plant hours pass before all is well again.

The anchor is the same run's own count at the other end: orders acknowledged to shoppers against orders in the platform,
samples in the machines' journals against samples in the historian.
"""

import argparse
import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from lotone.demo.headless import headless_options, run_headless
from lotone.demo.run import Demo
from lotone.demo.sabotage import Saboteur
from lotone.kernel import read_settings
from lotone.kernel.log import start_logging

SPEED = 480.0
NEVER_LESS = ("units were completed", "orders were placed", "promises were due", "within five seconds", "buyers were told of")
"""Checks about how much was made: a run that is disturbed all the time, or is short, makes less."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--quick", action="store_true", help="one round in a short run")
    chosen = parser.parse_args()
    hours, rounds = (8.0, 1) if chosen.quick else (54.0, 5)
    start_logging("bench", level="error")
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(data=Path(folder) / "demo", speed=SPEED, port=0, demo=True, expected_repair_minutes=300.0)
        options = headless_options(seed=1, recording=None, hours=hours, speed=SPEED)
        saboteur = Saboteur(rounds)
        report = run_headless(
            Demo(settings, options, lambda line: print(line, file=sys.stderr, flush=True)),
            timedelta(hours=hours),
            None,
            disturb=saboteur,
        )
    report.processes_killed = len(saboteur.killed)
    fails = [words for words, holds in report.checks.items() if not holds]
    must = [words for words in fails if not (chosen.quick and any(part in words for part in NEVER_LESS))]
    result = {**report.as_json(), "killed": saboteur.killed, "failed_checks": fails}
    text = json.dumps(result, indent=1, default=str)
    if chosen.json:
        chosen.json.write_text(text)
    else:
        print(text)
    return 1 if must else 0


if __name__ == "__main__":
    sys.exit(main())
