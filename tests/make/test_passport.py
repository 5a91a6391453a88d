"""The passport of a real unit, its signals read from a real historian."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from lamp_factory import BLUE_DIMMED
from lamp_floor import LampFloor
from lotone import assets, historian, make, orders, plan
from lotone.kernel import Money

SERIAL = "LA-2026-000001"


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[historian.Historian]:
    opened = historian.Historian(tmp_path / "historian")
    yield opened
    opened.close()


@pytest.fixture
def recorded(floor: LampFloor, recorder: historian.Historian) -> LampFloor:
    """A finished unit whose samples are in the historian."""
    floor.order(BLUE_DIMMED)
    floor.run(Random(5), until_done=1)
    recorder.append("demo", [sample for _tag, sample in floor.heard])
    floor.recorder = recorder
    return floor


def passport_of(floor: LampFloor) -> make.Passport:
    with floor.work() as work:
        return work.make.passport(SERIAL)


def test_a_finished_unit_has_a_complete_passport(recorded: LampFloor) -> None:
    passport = passport_of(recorded)
    assert passport.missing == ()
    assert passport.differences == ()
    assert passport.complete
    assert {choice.feature: choice.words.zh for choice in passport.choices}["dimmer"] == "调光器"
    assert passport.price == Money(11750)
    assert passport.order_number == "B-00001"
    assert {(part.part, part.quantity) for part in passport.parts} == {
        ("sheet", 0.75), ("paint-blue", 0.2), ("cable", 1.25), ("dimmer-unit", 1.0)
    }  # fmt: skip
    assert {str(part.supplier_words) for part in passport.parts} == {"Far Ltd"}
    assert passport.energy_kwh == 4.0
    by_step = {record.work.step: record for record in passport.operations}
    assert by_step.keys() == {"cut", "paint", "wire", "test"}
    (vibration,) = by_step["paint"].signals or ()
    assert (vibration.tag, vibration.count, vibration.low, vibration.high, vibration.mean) == ("vibration", 1, 5.0, 5.0, 5.0)
    assert [check.passed for check in by_step["test"].checks] == [True, True]
    paint = by_step["paint"].work
    assert (dict(paint.parameters)["pressure"], dict(paint.used)["pressure"]) == (2.35, round(2.35, 1))


def test_the_passport_as_a_document(recorded: LampFloor) -> None:
    document = json.loads(json.dumps(passport_of(recorded).as_json()))
    assert document["serial"] == SERIAL
    assert document["complete"] is True
    assert document["differences"] == []
    assert document["price"] == {"amount": 117.5, "currency": "EUR"}
    assert document["promise"]["first"] == document["promise"]["last"]
    assert document["promise"]["history"] == []
    cut = next(each for each in document["operations"] if each["step"] == "cut")
    assert cut["work_unit"] == "cut-1"
    assert cut["planned_minutes"] == 15.0
    assert 12 < cut["actual_minutes"] < 18
    assert cut["parameters"][0] == {"name": "length", "sent": 600, "read_back": 600, "unit": ""}
    assert cut["signals"][0]["count"] == 1
    assert {part["supplier"] for part in document["parts"]} == {"far"}


def test_a_passport_tells_the_history_of_its_promise(recorded: LampFloor) -> None:
    order = recorded.order()
    with recorded.work() as work:
        work.plan.machine_down("cut-1", recorded.now, 3 * 24 * 60)
    for fact in recorded.told(plan.PromiseMoved):
        assert isinstance(fact, plan.PromiseMoved)
        with recorded.work() as work:
            work.orders.promise_moved(fact)
    with recorded.work() as work:
        passport = work.make.passport("LA-2026-000002")
    assert [move.order for move in passport.promise_history] == [order.id]
    assert passport.first_promised < passport.promised
    assert not passport.complete
    assert "cut is not done" in passport.missing


def test_what_is_missing_is_named(floor: LampFloor) -> None:
    floor.order(BLUE_DIMMED)
    floor.run(Random(5), until_done=1)
    passport = passport_of(floor)
    assert not passport.complete
    assert any("lacks the signals of cut-1" in gap for gap in passport.missing)
    assert passport.differences == ()


def test_a_historian_that_is_away_makes_the_passport_incomplete_not_impossible(recorded: LampFloor) -> None:
    assert recorded.recorder is not None
    recorded.recorder.close()
    passport = passport_of(recorded)
    assert [record.signals for record in passport.operations] == [None] * 4
    assert not passport.complete
    assert passport.as_json()["operations"][0]["signals"] is None


def test_signals_are_those_of_the_operation_only(recorded: LampFloor, recorder: historian.Historian) -> None:
    with recorded.work() as work:
        (cut,) = [each for each in work.make.work_of(SERIAL) if each.step == "cut"]
        tag = work.assets.tag("cut-1/vibration")
        assert cut.started_at is not None
        assert cut.ended_at is not None
        outside = (cut.started_at - timedelta(seconds=1), cut.ended_at + timedelta(seconds=1))
        inside = (cut.started_at, cut.ended_at)
        recorder.append("demo", [assets.Sample(tag.number, assets.microseconds(at), 99.0) for at in outside])
        recorder.append("demo", [assets.Sample(tag.number, assets.microseconds(at), 2.0) for at in inside])
        recorder.append("other", [assets.Sample(tag.number, assets.microseconds(cut.started_at), 77.0)])
        found = make.SensorSignals(recorder, "demo", work.assets)("cut-1", cut.started_at, cut.ended_at)
    assert found == {"vibration": make.Summary(3, 2.0, 5.0, 3.0)}


def test_a_unit_of_another_organization_has_no_passport_here(recorded: LampFloor) -> None:
    recorded.set_up("other")
    with recorded.work("other") as work, pytest.raises(make.UnknownUnit):
        work.make.passport(SERIAL)


def test_a_part_put_in_besides_is_a_difference(recorded: LampFloor) -> None:
    with recorded.work() as work:
        (unit,) = work.make.units()
        (cut,) = [each for each in work.make.work_of(SERIAL) if each.step == "cut"]
        extra = make.PartUsed(unit.id, "cut", "dimmer-unit", "dimmer-unit-260302-01", 1.0, cut.number, recorded.now)
        work.make.store.units.add_parts([extra])
        work.make.store.units.save_work(replace(cut, used={**cut.used, "length": 601}))
    kinds = [(each.kind.value, each.subject, each.configured, each.built) for each in passport_of(recorded).differences]
    assert kinds == [("part_extra", "dimmer-unit", 0.0, 1.0), ("parameter_other", "length", 600, 601)]


def test_the_price_of_a_unit_is_its_share(floor: LampFloor) -> None:
    order = floor.order(BLUE_DIMMED, quantity=2)
    assert isinstance(order, orders.Order)
    with floor.work() as work:
        assert work.make.passport(SERIAL).price == Money(11750)
