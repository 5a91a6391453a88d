"""`lotone configure`: reason about a product model on plain files."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from lotone.configure import Configurator, read_model

app = typer.Typer(help="Reason about a product model (UVL) on plain files.", no_args_is_help=True)
ModelFile = Annotated[Path, typer.Argument(help="The model, in UVL.")]
Chosen = Annotated[list[str] | None, typer.Option("--choose", help="A chosen feature; may be given several times.")]
Refused = Annotated[list[str] | None, typer.Option("--refuse", help="A refused feature; may be given several times.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def show(values: dict[str, object], as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(values).decode())
        return
    for key, value in values.items():
        typer.echo(f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


@app.command()
def check(model: ModelFile, json: AsJson = False) -> None:
    """Say whether the model can be read and has a valid configuration at all; exit code 1 when it has none."""
    product = read_model(model)
    valid = Configurator(product).is_possible(())
    show({"features": len(product.features), "constraints": len(product.constraints), "valid": valid}, json)
    raise typer.Exit(0 if valid else 1)


@app.command()
def options(model: ModelFile, choose: Chosen = None, refuse: Refused = None, json: AsJson = False) -> None:
    """For every feature: chosen, forced by the choices, still possible, or impossible; and the price."""
    found = Configurator(read_model(model)).options(choose or (), refused=refuse or ())
    show(found.as_json(), json)


@app.command()
def explain(
    model: ModelFile,
    want: Annotated[str, typer.Option("--want", help="The feature that is impossible now.")],
    choose: Chosen = None,
    json: AsJson = False,
) -> None:
    """Say which choices must be taken back to get a feature, and which constraints are the reason."""
    conflict = Configurator(read_model(model)).explain(choose or (), want)
    show({"conflicts": {"choices": list(conflict.take_back), "constraints": list(conflict.constraints)}}, json)
