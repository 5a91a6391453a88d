"""`lotone configure`: reason about a product model on plain files."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from lotone.configure import (
    Configurator,
    Explanation,
    Limits,
    Model,
    read_model,
    read_tables,
    write_dimacs,
    write_uvl,
)
from lotone.configure import analyse as analyse_model
from lotone.kernel.errors import Invalid

app = typer.Typer(
    help="Reason about a product model on plain files: UVL, or clauses in DIMACS. Ends with 2 and one sentence when it can't.",
    no_args_is_help=True,
)
ModelFile = Annotated[Path, typer.Argument(help="The model: a file in UVL or DIMACS.")]
Chosen = Annotated[list[str] | None, typer.Option("--choose", help="A chosen feature; may be given several times.")]
Refused = Annotated[list[str] | None, typer.Option("--refuse", help="A refused feature; may be given several times.")]
Tables = Annotated[
    list[Path] | None, typer.Option("--table", help="A variant table, CSV or XLSX, whose rows are rules of the model as well.")
]
Given = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE of a typed feature; may be given several times.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Seconds = Annotated[float, typer.Option("--seconds", help="Time that compiling the model may take.")]
USUAL = Limits().seconds


def show(values: dict[str, object], as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(values).decode())
        return
    for key, value in values.items():
        typer.echo(f"{key}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


class WrongWords(Invalid):
    """Words on the command line that say nothing."""


def opened(model: Path, table: list[Path] | None, seconds: float) -> Configurator:
    return Configurator(read(model, table), limits=Limits(seconds=seconds))


def read(model: Path, table: list[Path] | None) -> Model:
    found = read_model(model)
    tables = [one for path in table or () for one in read_tables(path)]
    return found.with_tables(tables) if tables else found


def values_of(words: list[str] | None) -> dict[str, str]:
    """`Width=1200` as name and value. Raises WrongWords."""
    pairs = [word.partition("=") for word in words or ()]
    for name, sign, _ in pairs:
        if not name or not sign:
            raise WrongWords(f"--set takes NAME=VALUE, such as Width=1200, not '{name}'")
    return {name: value for name, _, value in pairs}


def in_order(model: Model, configuration: frozenset[str]) -> list[str]:
    return list(model.in_order(configuration))


def as_text(count: int | None) -> str | None:
    """JSON's numbers end at 2^53, counts don't."""
    return None if count is None else str(count)


@app.command()
def check(model: ModelFile, table: Tables = None, seconds: Seconds = USUAL, json: AsJson = False) -> None:
    """Say whether the model can be read and has a valid configuration at all; exit code 1 when it has none."""
    configurator = opened(model, table, seconds)
    product = configurator.model
    valid = configurator.reasoner.is_possible([])
    answers = type(configurator.reasoner).__name__.lower()
    told = {"features": len(product.features), "constraints": len(product.constraints), "valid": valid, "answered_by": answers}
    show(told, json)
    raise typer.Exit(0 if valid else 1)


@app.command()
def analyse(model: ModelFile, table: Tables = None, seconds: Seconds = USUAL, json: AsJson = False) -> None:
    """Tell what nobody meant: nothing possible, dead and false-optional features, redundant and conflicting constraints."""
    found_model = read(model, table)
    found = analyse_model(found_model, Limits(seconds=seconds))
    if json:
        show(found.as_json(found_model), json)
        return
    for one in found.findings:
        why = "of itself" if one.is_explained else "no reason was found in time"
        reasons = "; ".join(f"{rule.text} (line {rule.line})" for rule in one.rules) or why
        typer.echo(f"{model.name}:{one.line}: {one.words().en}: {reasons}")
    typer.echo(f"findings: {len(found.findings)}, everything looked at: {'yes' if found.is_complete else 'no'}")


@app.command()
def options(
    model: ModelFile,
    choose: Chosen = None,
    refuse: Refused = None,
    given: Given = None,
    table: Tables = None,
    seconds: Seconds = USUAL,
    json: AsJson = False,
) -> None:
    """For every feature: chosen, forced by the choices, still possible, or impossible; the price and its bounds; the count."""
    found = opened(model, table, seconds).options(choose or (), refuse or (), values_of(given))
    show(found.as_json(), json)


@app.command()
def explain(
    model: ModelFile,
    want: Annotated[list[str], typer.Option("--want", help="A feature that is impossible now; may be given several times.")],
    choose: Chosen = None,
    refuse: Refused = None,
    given: Given = None,
    table: Tables = None,
    seconds: Seconds = USUAL,
    json: AsJson = False,
) -> None:
    """Say which choices must be taken back to get a feature, and which constraints are the reason."""
    found = opened(model, table, seconds).explain(choose or (), want, refuse or (), values_of(given))
    conflicts = {"choices": list(found.take_back), "constraints": list(found.constraints)}
    if json:
        show({**found.as_json(), "conflicts": conflicts}, json)
    else:
        typer.echo(in_words(found))


def in_words(found: Explanation) -> str:
    wanted = ", ".join(found.wanted)
    if found.is_possible:
        return f"{wanted}: possible, nothing stands against it"
    head = f"{wanted}: never possible" if found.is_never_possible else f"{wanted}: take back {', '.join(found.take_back)}"
    return "\n".join([head, *(f"    {text}" for text in found.constraints)])


@app.command()
def count(
    model: ModelFile,
    choose: Chosen = None,
    refuse: Refused = None,
    given: Given = None,
    table: Tables = None,
    seconds: Seconds = USUAL,
    json: AsJson = False,
) -> None:
    """Count the configurations, exactly; nothing is told where a model can't be counted."""
    found = opened(model, table, seconds).count(choose or (), refuse or (), values_of(given))
    show({"count": as_text(found)}, json)


@app.command()
def sample(
    model: ModelFile,
    choose: Chosen = None,
    refuse: Refused = None,
    number: Annotated[int, typer.Option("--number", min=1, help="How many.")] = 1,
    seed: Annotated[str | None, typer.Option("--seed", help="The same samples for the same seed.")] = None,
    given: Given = None,
    table: Tables = None,
    seconds: Seconds = USUAL,
    json: AsJson = False,
) -> None:
    """Random configurations, each equally likely where `uniform` says so."""
    configurator = opened(model, table, seconds)
    seeds = [None if seed is None else f"{seed} {place}" for place in range(number)]
    values = values_of(given)
    drawn = [in_order(configurator.model, configurator.sample(choose or (), each, refuse or (), values)) for each in seeds]
    if json:
        show({"uniform": configurator.samples_are_uniform, "samples": drawn}, json)
    else:
        typer.echo("\n".join(", ".join(one) for one in drawn))


@app.command()
def complete(
    model: ModelFile,
    choose: Chosen = None,
    refuse: Refused = None,
    by: Annotated[str | None, typer.Option("--by", help="Least sum of this attribute, such as Days; else the price.")] = None,
    given: Given = None,
    table: Tables = None,
    seconds: Seconds = USUAL,
    json: AsJson = False,
) -> None:
    """The cheapest configuration with the choices, or the one with the least of another attribute."""
    configurator = opened(model, table, seconds)
    told_of(configurator, configurator.complete(choose or (), refuse or (), by, values_of(given)), json)


@app.command()
def nearest(
    model: ModelFile,
    want: Annotated[list[str], typer.Option("--want", help="A feature to have in any case; may be given several times.")],
    choose: Chosen = None,
    refuse: Refused = None,
    given: Given = None,
    table: Tables = None,
    seconds: Seconds = USUAL,
    json: AsJson = False,
) -> None:
    """The configuration with what is wanted that differs least from the choices and what they force."""
    configurator = opened(model, table, seconds)
    told_of(configurator, configurator.nearest(choose or (), want, refuse or (), values_of(given)), json)


def told_of(configurator: Configurator, configuration: frozenset[str], as_json: bool) -> None:
    price = configurator.price(configuration)
    show({"configuration": in_order(configurator.model, configuration), "price": price.cents / 100}, as_json)


@app.command()
def convert(
    model: ModelFile,
    out: Annotated[Path, typer.Argument(help="The file to write: UVL, or DIMACS when its name ends in .dimacs or .cnf.")],
    table: Tables = None,
) -> None:
    """Write the model as UVL or as clauses in DIMACS. What clauses can't say is refused, never left out."""
    found = read(model, table)
    text = write_dimacs(found) if out.suffix.lower() in (".dimacs", ".cnf") else write_uvl(found)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise WrongWords(f"can't write: {fault.strerror or fault}", where=str(out)) from None
