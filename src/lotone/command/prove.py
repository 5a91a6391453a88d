"""`lotone configure prove`: is a blueprint whole for every configuration that there can be?"""

import time
from pathlib import Path
from typing import Annotated

import orjson
import typer

from lotone.configure import Fault, configurator_of
from lotone.loader import Blueprint, BrokenBlueprint, read_blueprint


def prove(
    folder: Annotated[Path, typer.Argument(help="The folder of a blueprint: a model with its tables.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prove that every configuration gets all its parts, operations and parameters; else show one that does not.

    Exit code 1 when the blueprint has a fault.
    """
    begun = time.perf_counter()
    faults: tuple[Fault, ...] = ()
    proved: dict[str, object] = {}
    try:
        proved = _of(read_blueprint(folder))
    except BrokenBlueprint as broken:
        faults = broken.faults
    told = {"proved": not faults, **proved, "faults": [fault.as_json() for fault in faults]}
    told["seconds"] = round(time.perf_counter() - begun, 3)
    typer.echo(orjson.dumps(told).decode() if json else _in_words(told, faults))
    raise typer.Exit(1 if faults else 0)


def _of(blueprint: Blueprint) -> dict[str, object]:
    """How much was proved; the count of configurations as text, as it may be any number of digits."""
    product = blueprint.product
    count = configurator_of(product).options(()).count
    rules = product.demand
    rows = {name: len(getattr(rules, name)) for name in ("operations", "times", "parts", "parameters", "checks")}
    return {"configurations": None if count is None else str(count), "rows": rows}


def _in_words(told: dict[str, object], faults: tuple[Fault, ...]) -> str:
    if not faults:
        count = told["configurations"]
        which = "every configuration" if count is None else f"each of {int(str(count)):,} configurations"
        return f"proved in {told['seconds']} s: {which} has all its operations, parts and parameters"
    lines = []
    for fault in faults:
        lines.append(str(fault))
        if fault.example:
            lines.append(f"    the whole configuration: {', '.join(fault.example)}")
    return "\n".join([*lines, f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}"])
