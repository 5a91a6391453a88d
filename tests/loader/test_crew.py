"""How a plant works, read from its tables: operators, setups, batches, ways, maintenance, holidays; each fault at its row."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import lotone
from lotone.configure import Configurator, explode, read_model
from lotone.loader import Blueprint, BrokenBlueprint, read_blueprint
from lotone.plan import ResourceKind

EBIKE = Path(lotone.__file__).parent / "blueprints" / "ebike"
CREW = "id,kind,name,calendar,skills,capacity\n"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bicycle works with nothing but machines."""
    folder = Path(shutil.copytree(EBIKE, tmp_path_factory.mktemp("plain") / "ebike"))
    for file in ("crew.csv", "setups.csv", "transport.csv", "maintenance.csv", "holidays.csv"):
        (folder / file).unlink(missing_ok=True)
    for file in ("operations.csv", "equipment.csv"):
        lines = [line.split(",") for line in (folder / file).read_text(encoding="utf-8").splitlines()]
        known = 9 if file == "operations.csv" else 6
        (folder / file).write_text("\n".join(",".join(line[:known]) for line in lines) + "\n", encoding="utf-8")
    lines = (folder / "calendars.csv").read_text(encoding="utf-8").splitlines()
    shifts = [line.split(",")[:5] for line in lines if "shift" not in line.split(",")[0] or line.startswith("two-shifts,Mon")]
    (folder / "calendars.csv").write_text("\n".join(map(",".join, shifts)) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def folder(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "ebike"))


def write(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text, encoding="utf-8")


def widen(folder: Path, file: str, columns: str, **cells: str) -> None:
    """Add columns to a table, with values in the rows that begin so."""
    lines = (folder / file).read_text(encoding="utf-8").splitlines()
    empty = "," * (columns.count(",") + 1)
    wide = [f"{lines[0]},{columns}"]
    for line in lines[1:]:
        value = cells.get(line.split(",")[0].replace("-", "_"))
        wide.append(f"{line},{value}" if value else f"{line}{empty}")
    write(folder, file, "\n".join(wide) + "\n")


def read(folder: Path) -> Blueprint:
    return read_blueprint(folder)


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(BrokenBlueprint) as caught:
        read(folder)
    return [str(fault) for fault in caught.value.faults]


def test_everything_that_says_how_a_plant_works(folder: Path) -> None:
    write(folder, "crew.csv", CREW + "anna,operator,Anna,two-shifts,weld inspect,\njig,tool,Jig,around-the-clock,jig,3\n")
    write(folder, "setups.csv", "matrix,before,after,minutes\ncolours,9016,7016,12\ncolours,*,*,8\n")
    write(folder, "transport.csv", "before,after,minutes\nframe,paint,6\n")
    write(folder, "maintenance.csv", "resource,start,end,name\noven-1,2027-03-05 08:00,2027-03-05 12:00,Burners\n")
    write(folder, "holidays.csv", "calendar,start,end,open\ntwo-shifts,2026-12-24,2026-12-27,\n")
    widen(folder, "equipment.csv", "capacity,batch,setups,state", paint_1=",,colours,9016", oven_1="4,yes,,")
    widen(
        folder, "operations.csv", "setup,batch,size,also,wait_most_minutes", frame=",,,weld jig,",
        paint="colour,,,,240", cure=",target_temperature fan_level,2,,",
    )  # fmt: skip
    plant = read(folder)
    machines = {each.work_unit: each for each in plant.resources}
    assert len(machines) == 12 and machines["paint-1"].setups == "colours" and machines["paint-1"].state == "9016"
    assert machines["oven-1"].batch and machines["oven-1"].capacity == 4
    [upkeep] = machines["oven-1"].maintenance
    assert upkeep.start == datetime(2027, 3, 5, 7, tzinfo=UTC) and upkeep.end - upkeep.start == timedelta(hours=4)
    anna, jig = plant.crew
    assert anna.kind is ResourceKind.OPERATOR and anna.skills == ("weld", "inspect")
    assert jig.kind is ResourceKind.TOOL and jig.capacity == 3
    assert [each.minutes_between("9016", "7016") for each in plant.setups] == [12]
    assert [each.minutes_between("7016", "9016") for each in plant.setups] == [8]
    assert plant.transport == {("frame", "paint"): 6}
    shifts = next(each for each in plant.calendars if each.id == "two-shifts")
    assert not shifts.windows(datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 12, 26, tzinfo=UTC))


def test_an_operation_gets_its_setup_and_batch_from_its_parameters(folder: Path) -> None:
    widen(
        folder, "operations.csv", "setup,batch,size,also,wait_most_minutes", paint="colour,,,,240",
        cure=",target_temperature fan_level,2,,", wheels=",*,,,",
    )  # fmt: skip
    product = read(folder).product
    model = read_model(product.model_text, name="product")
    demand = explode(product.demand.bound(model), Configurator(model).sample(seed=1))
    paint, cure = demand.operation("paint"), demand.operation("cure")
    assert paint.setup == str(paint.parameters["colour"]) and paint.wait_most_minutes == 240
    temperature, fan = cure.parameters["target_temperature"], cure.parameters["fan_level"]
    assert cure.batch == f"target_temperature={temperature} fan_level={fan}" and cure.size == 2
    assert demand.operation("wheels").batch == "*"
    assert type(demand).from_json(demand.as_json()) == demand
    rules = product.demand
    assert type(rules).from_json(rules.as_json()) == rules


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("crew.csv", CREW + "anna,robot,Anna,two-shifts,weld,\n", "crew.csv:2:kind: expected one of"),
        ("crew.csv", CREW + "anna,machine,Anna,two-shifts,weld,\n", "crew.csv:2:kind: machines are work units"),
        ("crew.csv", CREW + "anna,operator,Anna,two-shift,weld,\n", "crew.csv:2:calendar: there is no calendar 'two-shift'"),
        ("crew.csv", CREW + "anna,operator,Anna,two-shifts,,\n", "crew.csv:2:skills: expected a value"),
        ("crew.csv", CREW + "anna,operator,Anna,two-shifts,weld,1.5\n", "crew.csv:2:capacity: expected a whole number"),
        ("crew.csv", CREW + "oven-1,tool,Oven,two-shifts,bake,\n", "crew.csv:2:id: 'oven-1' is in equipment.csv already"),
        ("setups.csv", "matrix,before,after,minutes\ncolours,9016,*,5\n", "setups.csv:2:before: expected a state before"),
        ("setups.csv", "matrix,before,after,minutes\ncolours,9016,7016,-5\n", "setups.csv:2:minutes: expected a number"),
        ("transport.csv", "before,after,minutes\nframe,pain,5\n", "transport.csv:2:after: there is no work center 'pain'"),
        (
            "maintenance.csv",
            "resource,start,end\noven-1,2027-03-05 12:00,2027-03-05 08:00\n",
            "maintenance.csv:2:end: maintenance from",
        ),
        ("maintenance.csv", "resource,start,end\noven-1,soon,2027-03-05\n", "maintenance.csv:2:start: expected a day"),
        ("maintenance.csv", "resource,start,end\noven-9,2027-03-04,2027-03-05\n", "maintenance.csv:2:resource: there is no"),
        ("holidays.csv", "calendar,start,end\nnights,2027-03-04,2027-03-05\n", "holidays.csv:2:calendar: there is no"),
        (
            "holidays.csv",
            "calendar,start,end\ntwo-shifts,2000-01-01,2100-01-01\n",
            "calendars.csv:2:calendar: calendar two",
        ),
    ],
)
def test_a_fault_is_named_at_its_row(folder: Path, file: str, text: str, expected: str) -> None:
    write(folder, file, text)
    assert any(fault.startswith(expected) for fault in faults_of(folder)), faults_of(folder)


def test_faults_of_machines_and_operations_are_named_at_their_rows(folder: Path) -> None:
    widen(folder, "equipment.csv", "capacity,batch,setups,state", paint_1=",,colour,", frame_1="0,,,", body=",yes,,")
    widen(
        folder, "operations.csv", "setup,batch,size,also,wait_most_minutes", frame=",,,weld,", paint="color,,,,5",
        cure=",heat,2,,",
    )  # fmt: skip
    found = faults_of(folder)
    expected = (
        "equipment.csv:3:batch: only work units have a batch",
        "equipment.csv:11:capacity: expected a number",
        "equipment.csv:13:setups: there is no setup matrix 'colour'",
        "operations.csv:2:also: there is no skill 'weld'",
        "operations.csv:3:setup: there is no parameter of paint 'color'",
        "operations.csv:3:wait_most_minutes: expected at least the wait after it (10)",
        "operations.csv:4:batch: there is no parameter of cure 'heat'",
    )
    for each in expected:
        assert any(fault.startswith(each) for fault in found), (each, found)


def test_a_matrix_that_misses_a_colour_and_a_size_that_never_goes_in(folder: Path) -> None:
    write(folder, "setups.csv", "matrix,before,after,minutes\ncolours,9016,7016,12\n")
    widen(folder, "equipment.csv", "capacity,batch,setups,state", paint_1=",,colours,", oven_1="4,yes,,")
    widen(folder, "operations.csv", "setup,batch,size", paint="colour,,", cure=",*,5")
    found = faults_of(folder)
    assert any(each.startswith("setups.csv:2:matrix: setup matrix colours has no minutes from or to 1003") for each in found)
    assert any(each.startswith("operations.csv:4:minutes: step cure takes 5") for each in found)


def test_overtime_has_hours_and_a_cost(folder: Path) -> None:
    lines = (folder / "calendars.csv").read_text(encoding="utf-8").splitlines()
    lines = [f"{lines[0]},overtime,overtime_cost_per_hour", *(f"{line},," for line in lines[1:])]
    write(folder, "calendars.csv", "\n".join([*lines, "two-shifts,Sun,06:00,14:00,Europe/Berlin,yes,85"]) + "\n")
    shifts = next(each for each in read(folder).calendars if each.id == "two-shifts")
    assert shifts.overtime_cost_per_hour == 85 and [each.weekdays for each in shifts.overtime] == [(6,)]
    write(folder, "calendars.csv", "\n".join([*lines, "two-shifts,Sun,06:00,14:00,Europe/Berlin,,85"]) + "\n")
    assert "calendars.csv:4:overtime_cost_per_hour: only overtime has a cost" in faults_of(folder)[0]
