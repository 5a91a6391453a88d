"""One order, to the machine and back: the whole platform with real processes, protocols and kills, for a short while."""

from datetime import timedelta
from pathlib import Path

import pytest

from lotone.demo.headless import headless_options, run_headless
from lotone.demo.run import Demo
from lotone.demo.sabotage import Saboteur
from lotone.kernel import read_settings

SPEED = 480.0
HOURS = 9.0


@pytest.mark.journey
def test_orders_become_units_with_passports_although_every_process_is_killed(tmp_path: Path) -> None:
    settings = read_settings(
        {}, data=tmp_path / "demo", speed=SPEED, port=0, demo=True, expected_repair_minutes=300.0, log_level="warning"
    )
    said: list[str] = []
    saboteur = Saboteur(rounds=1)
    demo = Demo(settings, headless_options(seed=1, recording=None, hours=HOURS, speed=SPEED), said.append)
    report = run_headless(demo, timedelta(hours=HOURS), tmp_path / "report.json", disturb=saboteur)
    story = "\n".join(said)
    assert set(saboteur.killed) == {"web", "recorder", "planner", "message server", "machine paint-1"}, story
    assert report.orders_placed > 5, story
    assert report.orders_lost == report.orders_doubled == 0, story
    assert report.machine_stops == report.replans == 1, story
    assert report.promises_moved == report.promises_moved_and_told, story
    assert report.samples_published == report.samples_recorded > 1000, story
    assert report.as_built_differs == 0, story
    assert report.passports_complete == report.units_completed, story
    assert report.double_booked_hours == 0, story
    assert report.facts_in_trouble == 0, story
    assert {"sparkplug", "opcua", "modbus"} <= set(report.protocols), story
    assert (tmp_path / "report.json").exists()
