"""Solutions as JSON: what a solver found, with every operation by the numbers of its file."""

from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, Field

from lotone.plan.formats.own import parsed
from lotone.plan.formats.text import MOST_OPERATIONS, read_text
from lotone.plan.model.instance import LONGEST, Found, Instance, Placed

Whole = Annotated[int, Field(strict=True, ge=-LONGEST, le=LONGEST)]


class Row(BaseModel):
    """One operation of a solution: its job and number as in the file of the problem, its machine, when, and its mode.

    A machine that is not said is any."""

    job: Whole
    operation: Whole
    machine: Whole | None = None
    start: Whole
    end: Whole
    mode: Whole | None = None
    """Which of its alternatives, from 0; needed only where machine and duration leave several."""


class Answer(BaseModel):
    """A solution file."""

    operations: Annotated[list[Row], Field(max_length=2 * MOST_OPERATIONS)]
    objective: float | None = None
    bound: float | None = None
    first_feasible_s: float | None = None
    status: Literal["optimal", "feasible"] | None = None


def read_answer(path: Path) -> Answer:
    """A solution file, not yet compared with its problem. Raises NoFile, WrongFile."""
    return parsed(Answer, path, read_text(path))


def summary(found: Found) -> dict[str, Any]:
    """What is printed of a solution: `objective`, `bound`, `first_feasible_s` and `status`."""
    return {
        "objective": plain(found.objective),
        "bound": plain(found.bound),
        "first_feasible_s": round(found.first_feasible_s, 4),
        "status": found.status,
    }


def plain(value: float | None) -> float | int | None:
    """Whole numbers without a point."""
    return int(value) if value is not None and value == int(value) else value


def operation_rows(instance: Instance, schedule: tuple[Placed, ...]) -> list[dict[str, int]]:
    """Every operation with the numbers of its file. `machine` is -1 where it takes no resource."""
    rows = []
    for placed in schedule:
        operation = instance.operations[placed.operation]
        machine = operation.modes[placed.mode].machine
        where = {"job": operation.job, "operation": operation.number, "machine": machine, "mode": placed.mode}
        rows.append({**where, "start": placed.start, "end": placed.end})
    return rows


def write_answer(instance: Instance, found: Found) -> str:
    """A solution file."""
    values = {"instance": instance.name, **summary(found), "operations": operation_rows(instance, found.schedule)}
    return orjson.dumps(values, option=orjson.OPT_INDENT_2).decode() + "\n"
