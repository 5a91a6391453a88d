"""The demonstration without people: a bounded plant time, faster than real time, then counted, checked and written down."""

import json
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from lotone.demo.machines import count_published
from lotone.demo.report import Report, make_report
from lotone.demo.run import ORGANIZATION, Breakdown, Demo, DemoOptions
from lotone.demo.shoppers import Account, Habits
from lotone.serve.process import stop_signal
from lotone.wiring import Platform

ORDERS = 60
LAST_ORDER = 0.55
"""Shoppers stop coming after this part of the time, so that what they ordered can be made."""
OVEN_FAILS = Breakdown("oven-1", after_hours=5.0, minutes=150.0, code="F217 burner")
"""The only oven: while it is down nothing can be finished, so promises must move."""
DRAIN_S = 30.0
Disturb = Callable[[Demo, float], None]
"""Called again and again during the run with the part of its time that has passed; tests kill processes here."""


def headless_options(*, seed: int, recording: Path | None, hours: float, speed: float) -> DemoOptions:
    """Shoppers who order enough, and one machine that stops unexpectedly for hours."""
    wall_s = hours * 3600 / speed * LAST_ORDER
    habits = Habits(orders=ORDERS, seconds_between=wall_s / (ORDERS * 1.4), thinks_s=0.01, leaves=0.1, declines=0.6)
    return DemoOptions(seed=seed, recording=recording, reset=True, habits=habits, breakdowns=(OVEN_FAILS,))


def run_headless(demo: Demo, length: timedelta, path: Path | None, *, disturb: Disturb | None = None) -> Report:
    """Run, print a table, write JSON. `failed(report)` says whether a check does not hold."""
    began = time.monotonic()
    report = _run(demo, length, disturb)
    report.wall_seconds = round(time.monotonic() - began, 1)
    report.plant_hours = round(length.total_seconds() / 3600, 1)
    for line in table(report):
        demo.said(line)
    if path is not None:
        path.write_text(json.dumps(report.as_json(), indent=1, default=str), encoding="utf-8")
    return report


def _run(demo: Demo, length: timedelta, disturb: Disturb | None) -> Report:
    with stop_signal() as stop:
        try:
            platform = demo.start()
            shoppers = demo.open_the_shop()
            begin, said = demo.clock(), -1.0
            while not stop.wait(0.2):
                part = (demo.clock() - begin) / length
                if part >= 1:
                    break
                if disturb is not None:
                    disturb(demo, part)
                if part - said >= 0.1:
                    said = part
                    demo.said(progress(platform, shoppers.account, part))
            demo.said("Counting")
            demo.quiet_machines()
            wait_for_recorder(demo, platform)
            return make_report(demo, platform, shoppers.account)
        finally:
            demo.stop()


def progress(platform: Platform, account: Account, part: float) -> str:
    with platform.look(ORGANIZATION) as work:
        made = {state.value: count for state, count in work.make.count_units().items()}
    units = ", ".join(f"{count} {state}" for state, count in sorted(made.items()))
    return f"{part:4.0%}  {len(account.placed)} orders; units: {units or 'none yet'}"


def wait_for_recorder(demo: Demo, platform: Platform, timeout_s: float = DRAIN_S) -> None:
    """Until everything that was published is recorded, or it takes too long (the report then shows the difference)."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        time.sleep(0.5)
        if platform.historian.count(ORGANIZATION, sequence_max=0) >= sum(count_published(demo.journals).values()):
            return


def table(report: Report) -> list[str]:
    """The figures and checks as lines."""
    values = report.as_json()
    checks = values.pop("checks")
    differences = values.pop("differences")
    lines = [f"  {name:<30} {value}" for name, value in values.items()]
    lines += [f"  as built: {each}" for each in differences] if isinstance(differences, list) else []
    marks = checks.items() if isinstance(checks, dict) else ()
    return [*lines, *(f"  {'holds ' if holds else 'FAILS '} {words}" for words, holds in marks)]


def failed(report: Report) -> bool:
    return not all(report.checks.values())
