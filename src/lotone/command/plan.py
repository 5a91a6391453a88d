"""`lotone plan`: solve, check and draw scheduling problems in plain files."""

import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from lotone.kernel.errors import Invalid
from lotone.plan import formats
from lotone.plan.drawing import gantt
from lotone.plan.formats import WrongFile
from lotone.plan.formats.solution import Answer, plain
from lotone.plan.model.instance import Found, Instance
from lotone.plan.verify import Verdict, placed_by, same_objective, verify_rows

app = typer.Typer(
    help="Schedule problems in plain files: job shops, projects, whole plants. Ends with 2 and one sentence when it can't.",
    no_args_is_help=True,
)
ProblemFile = Annotated[Path, typer.Argument(help="The problem.")]
SolutionFile = Annotated[Path, typer.Argument(help="The solution: JSON with a list `operations`.")]
Format = Annotated[
    str | None, typer.Option("--format", help=f"{', '.join(formats.FORMATS)}; told by name and content when not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
MOST_LINES = 20
"""Of what is wrong; more than that nobody reads."""
EVERY_S = 0.2
"""How often the line on a terminal may change."""


class NotWritten(Invalid):
    """A file can't be written."""


@app.command()
def solve(
    problem: ProblemFile,
    format: Format = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.01, max=1e6, help="How long to search.")] = 10.0,
    workers: Annotated[int, typer.Option("--workers", min=0, max=1024, help="Threads; 0: one for each core.")] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Another seed searches elsewhere.")] = 0,
    solver: Annotated[str, typer.Option("--solver", help="auto, or one by name: engine, plant, cpsat.")] = "auto",
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write the solution into this file.")] = None,
    json: AsJson = False,
) -> None:
    """Search the best schedule; Ctrl-C ends early with the best so far."""
    instance = formats.read_instance(problem, format)
    if out:
        writable(out)
    solving: Any = import_module("lotone.plan.solvers.instances")  # loads OR-Tools, which reading and checking don't need
    with_progress = Progress()
    asked = {"seconds": seconds, "workers": workers or os.cpu_count() or 1, "seed": seed, "solver": solver}
    try:
        found: Found = solving.solve_instance(instance, told=with_progress.told, **asked)
    finally:
        with_progress.end()
    if out:
        write(out, formats.write_answer(instance, found))
    told: dict[str, Any] = formats.summary(found)
    if json and not out:
        told["operations"] = formats.operation_rows(instance, found.schedule)
    show(told, json)


class Progress:
    """One line on a terminal that tells the best objective; nothing where nobody looks."""

    def __init__(self) -> None:
        self.is_shown = sys.stderr.isatty()
        self.last = 0.0

    def told(self, seconds: float, objective: float) -> None:
        """Something better was found."""
        now = time.monotonic()
        if self.is_shown and now - self.last > EVERY_S:
            self.last = now
            sys.stderr.write(f"\r{seconds:8.1f} s   objective {objective:<16g}")
            sys.stderr.flush()

    def end(self) -> None:
        """Takes the line away."""
        if self.is_shown:
            sys.stderr.write("\r" + " " * 44 + "\r")
            sys.stderr.flush()


@app.command()
def check(problem: ProblemFile, solution: SolutionFile, format: Format = None, json: AsJson = False) -> None:
    """Verify a solution independently of the solvers; exit code 1, with all that is wrong, when it doesn't hold."""
    instance = formats.read_instance(problem, format)
    answer = formats.read_answer(solution)
    verdict = verify_rows(instance, answer.operations)
    claims = wrong_claims(answer, verdict)
    holds = verdict.holds and not claims
    if json:
        show(
            {"valid": holds, "objective": plain(verdict.objective), "violations": violations(instance, verdict, claims)}, json
        )
    else:
        wrong = [*(fault.words for fault in verdict.faults), *claims]
        for words in wrong[:MOST_LINES]:
            typer.echo(words)
        if len(wrong) > MOST_LINES:
            typer.echo(f"and {len(wrong) - MOST_LINES} more; --json tells them all")
        typer.echo(
            f"the schedule holds, {instance.objective} {verdict.objective:g}" if holds else "the schedule does not hold"
        )
    raise typer.Exit(0 if holds else 1)


def wrong_claims(answer: Answer, verdict: Verdict) -> list[str]:
    """What a solution says of itself that isn't so."""
    found = verdict.objective
    if found is None:
        return []
    wrong = []
    if answer.objective is not None and not same_objective(answer.objective, found):
        wrong.append(f"it says its objective is {answer.objective:g}, but it is {found:g}")
    if answer.bound is not None and answer.bound > found and not same_objective(answer.bound, found):
        wrong.append(f"it says nothing is better than {answer.bound:g}, but it is better itself: {found:g}")
    if answer.status == "optimal" and answer.bound is not None and not same_objective(answer.bound, found):
        wrong.append(f"it says it is optimal, but its bound {answer.bound:g} is not its objective {found:g}")
    return wrong


def violations(instance: Instance, verdict: Verdict, claims: list[str]) -> list[dict[str, Any]]:
    """All that is wrong, with the numbers of the file."""
    told: list[dict[str, Any]] = []
    for fault in verdict.faults:
        operations = [instance.operations[index] for index in fault.operations]
        named = [{"job": each.job, "operation": each.number} for each in operations]
        told.append({"kind": fault.kind, "operations": named, "words": fault.words})
    return [*told, *({"kind": "claim", "operations": [], "words": words} for words in claims)]


@app.command()
def draw(
    problem: ProblemFile,
    solution: SolutionFile,
    out: Annotated[Path, typer.Option("-o", "--out", help="The picture to write: SVG.")],
    format: Format = None,
) -> None:
    """Draw a solution as a Gantt chart in SVG: resources as rows, jobs as colours."""
    instance = formats.read_instance(problem, format)
    placed, faults = placed_by(instance, formats.read_answer(solution).operations)
    if faults:
        raise WrongFile(f"{faults[0].words}; `lotone plan check` tells all that is wrong", where=str(solution))
    write(out, gantt(instance, tuple(placed)))


@app.command()
def convert(
    problem: ProblemFile,
    out: Annotated[Path, typer.Argument(help="The file to write, in the `lotone` format (JSON).")],
    format: Format = None,
) -> None:
    """Write the problem in the `lotone` format, which says everything that the others can."""
    write(out, formats.write_instance(formats.read_instance(problem, format)))


def show(values: dict[str, object], as_json: bool) -> None:
    """One JSON object, or a line for each value."""
    if as_json:
        typer.echo(orjson.dumps(values).decode())
        return
    for key, value in values.items():
        typer.echo(f"{key}: {'unknown' if value is None else value}")


def writable(out: Path) -> None:
    """Raises NotWritten before a long search, not after it."""
    if not out.parent.is_dir():
        raise NotWritten(f"there is no folder {out.parent}", where=str(out))
    if out.is_dir() or not os.access(out if out.exists() else out.parent, os.W_OK):
        raise NotWritten("can't write here", where=str(out))


def write(out: Path, text: str) -> None:
    """Raises NotWritten."""
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as fault:
        raise NotWritten(f"can't write: {fault.strerror or fault}", where=str(out)) from None
