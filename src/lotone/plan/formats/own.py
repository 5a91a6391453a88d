"""The `lotone` format: a whole plant's scheduling problem as JSON, with everything an `Instance` can say."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lotone.plan.formats.text import MOST_MODES, MOST_OPERATIONS, MOST_RESOURCES, WrongFile
from lotone.plan.model.instance import LONGEST, After, Instance, Job, Mode, Objective, Operation, Resource

FORMAT = "lotone plan 1"
LOCATED = 4_000_000
"""Characters up to which a fault's line is looked for; beyond, the place inside the JSON must do."""
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+')

Model = TypeVar("Model", bound=BaseModel)
Time = Annotated[int, Field(ge=0, le=LONGEST)]
Number = Annotated[int, Field(ge=0, le=MOST_OPERATIONS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Resource(_Strict):
    capacity: Annotated[int, Field(ge=1, le=LONGEST)] = 1
    batch: bool = False
    closed: list[tuple[Time, Time]] = []
    setup: list[list[Time]] = []
    family: Annotated[int, Field(ge=-1, le=LONGEST)] = -1


class _Job(_Strict):
    due: Annotated[int, Field(ge=-LONGEST, le=LONGEST)] | None = None
    weight: Annotated[float, Field(ge=0, le=LONGEST)] = 1.0


class _Mode(_Strict):
    duration: Time
    takes: list[tuple[Number, Annotated[int, Field(ge=1, le=LONGEST)]]] = []


class _After(_Strict):
    job: Number
    operation: Number
    least: Time = 0
    most: Time | None = None


class _Operation(_Strict):
    job: Number
    operation: Number
    modes: list[_Mode]
    after: list[_After] = []
    release: Time = 0
    family: Annotated[int, Field(ge=-1, le=LONGEST)] = -1


class _Plant(_Strict):
    format: Literal["lotone plan 1"]
    name: str = ""
    objective: Objective = "makespan"
    resources: Annotated[list[_Resource], Field(max_length=MOST_RESOURCES)]
    jobs: Annotated[list[_Job], Field(max_length=MOST_OPERATIONS)]
    operations: Annotated[list[_Operation], Field(min_length=1, max_length=MOST_OPERATIONS)]


def read_own(path: Path, text: str) -> Instance:
    """The instance a file in the `lotone` format describes. Raises WrongFile with line and place; WrongInstance."""
    if text.count('"modes"') > MOST_OPERATIONS:  # before a gigabyte is filled with them
        raise WrongFile(f"at most {MOST_OPERATIONS} operations are read", where=str(path))
    plant = parsed(_Plant, path, text)
    if sum(len(operation.modes) for operation in plant.operations) > MOST_MODES:
        raise WrongFile(f"at most {MOST_MODES} modes are read", where=str(path))
    places = {(each.job, each.operation): index for index, each in enumerate(plant.operations)}
    return Instance(
        name=plant.name or path.stem,
        resources=tuple(_resource(each) for each in plant.resources),
        operations=tuple(_operation(each, places, path) for each in plant.operations),
        jobs=tuple(Job(each.due, each.weight) for each in plant.jobs),
        objective=plant.objective,
    )


def _resource(found: _Resource) -> Resource:
    setup = tuple(tuple(row) for row in found.setup)
    return Resource(found.capacity, found.batch, tuple(found.closed), setup, found.family)


def _operation(found: _Operation, places: dict[tuple[int, int], int], path: Path) -> Operation:
    modes = tuple(Mode(mode.duration, tuple(mode.takes)) for mode in found.modes)
    after = []
    for each in found.after:
        if (each.job, each.operation) not in places:
            here = f"operation {found.operation} of job {found.job}"
            there = f"operation {each.operation} of job {each.job}"
            raise WrongFile(f"{here} follows {there}, which is not in the file", where=str(path))
        after.append(After(places[each.job, each.operation], each.least, each.most))
    return Operation(found.job, found.operation, modes, tuple(after), found.release, found.family)


def write_instance(instance: Instance) -> str:
    """The instance in the `lotone` format; reading it again gives the same. What is as usual is left out."""
    plant = {
        "format": FORMAT,
        "name": instance.name,
        "objective": instance.objective,
        "resources": [_without_usual(_resource_values(each), _Resource) for each in instance.resources],
        "jobs": [_without_usual({"due": each.due, "weight": each.weight}, _Job) for each in instance.jobs],
        "operations": [_operation_values(each, instance) for each in instance.operations],
    }
    return orjson.dumps(plant, option=orjson.OPT_INDENT_2).decode() + "\n"


def _resource_values(resource: Resource) -> dict[str, Any]:
    return {
        "capacity": resource.capacity,
        "batch": resource.batch,
        "closed": [list(span) for span in resource.closed],
        "setup": [list(row) for row in resource.setup],
        "family": resource.family,
    }


def _operation_values(operation: Operation, instance: Instance) -> dict[str, Any]:
    after = [_after_values(each, instance.operations[each.operation]) for each in operation.after]
    modes = [{"duration": mode.duration, "takes": [list(take) for take in mode.takes]} for mode in operation.modes]
    values = {"job": operation.job, "operation": operation.number, "modes": modes, "after": after}
    return _without_usual({**values, "release": operation.release, "family": operation.family}, _Operation)


def _after_values(after: After, before: Operation) -> dict[str, Any]:
    values = {"job": before.job, "operation": before.number, "least": after.least, "most": after.most}
    return _without_usual(values, _After)


def _without_usual(values: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    usual = {name: field.default for name, field in model.model_fields.items() if not field.is_required()}
    return {name: value for name, value in values.items() if name not in usual or usual[name] != value}


def parsed(model: type[Model], path: Path, text: str) -> Model:
    """A JSON file as a checked object. Raises WrongFile with the line, and the place inside the JSON."""
    try:
        return model.model_validate_json(text)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise WrongFile(f"expected JSON: {first['ctx']['error']}", where=str(path)) from None
        raise _wrong(path, text, first["loc"], first["msg"]) from None


def _wrong(path: Path, text: str, place: tuple[int | str, ...], words: str) -> WrongFile:
    shown = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in place).lstrip(".")
    line = line_of(text, place) if len(text) <= LOCATED else None
    return WrongFile(f"{shown or 'the file'}: {words}", where=str(path) if line is None else f"{path}, line {line}")


def line_of(text: str, place: tuple[int | str, ...]) -> int:
    """The line of valid JSON on which the value at a place begins, or of the innermost one around it that is there."""
    nearest, deepest = 0, -1
    inside: list[int | str | None] = []
    for token in TOKEN.finditer(text):
        word = token.group()
        if word in ("}", "]"):
            inside.pop()
        elif word == "," and inside:
            last = inside[-1]
            inside[-1] = last + 1 if isinstance(last, int) else None
        elif inside and inside[-1] is None:
            inside[-1] = str(json.loads(word))
        elif word not in (",", ":"):
            if len(inside) > deepest and tuple(inside) == place[: len(inside)]:
                nearest, deepest = token.start(), len(inside)
            if word in ("{", "["):
                inside.append(None if word == "{" else 0)
    return text.count("\n", 0, nearest) + 1
