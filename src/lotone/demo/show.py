"""The demonstration for people: pages, shoppers, and a line for each thing that happens, until Ctrl-C."""

import threading
from pathlib import Path
from zoneinfo import ZoneInfo

from lotone.demo.run import ORGANIZATION, Breakdown, Demo, DemoOptions
from lotone.demo.shoppers import Habits
from lotone.demo.telling import Teller
from lotone.kernel import LotOneError, facts_after, newest_number
from lotone.serve.process import stop_signal
from lotone.wiring import Platform

POLL_S = 0.5
OVEN_FAILS = Breakdown("oven-1", after_hours=3.5, minutes=240.0, code="F217 burner")
"""Early enough to be seen: buyers are told within seconds, and why."""
HOURS_BETWEEN_FAILURES = 30.0


def show_options(*, seed: int, recording: Path | None, reset: bool) -> DemoOptions:
    """Shoppers at an easy pace, a breakdown to watch, and others by chance."""
    return DemoOptions(
        seed=seed,
        recording=recording,
        reset=reset,
        habits=Habits(seconds_between=25.0, thinks_s=0.4, declines=0.5),
        breakdowns=(OVEN_FAILS,),
        hours_between_failures=HOURS_BETWEEN_FAILURES,
    )


def show_demo(demo: Demo) -> None:
    """Run until Ctrl-C."""
    with stop_signal() as stop:
        try:
            platform = demo.start()
            demo.said("Sign in there as any role with one click. Ctrl-C ends the demonstration; its data stay.")
            demo.open_the_shop()
            follow(platform, demo, stop)
        finally:
            demo.said("Stopping")
            demo.stop()


def follow(platform: Platform, demo: Demo, stop: threading.Event) -> None:
    """Say what happens, in plant time, until asked to stop."""
    teller = Teller(ZoneInfo(demo.blueprint.time_zone))
    with platform.database.look() as connection:
        number = newest_number(connection)
    while not stop.wait(POLL_S):
        try:
            with platform.database.look() as connection:
                found = facts_after(connection, number, organization=ORGANIZATION)
        except LotOneError as fault:
            demo.said(str(fault))
            continue
        for told in found:
            number = told.number
            line = teller.line(told.fact)
            if line:
                demo.said(f"{teller.time(demo.clock())}  {line}")
