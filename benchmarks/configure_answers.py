"""Are the configurator's answers right, and how fast are they? On public models, against a plain loop of a SAT solver.

For every model of the folder with reference data: the state of every feature after random choices equals what a loop over
all literals finds with PySAT (Glucose 4, which keeps what it learns; a literal already seen in a model is not asked again);
counts and fixed literals equal the published values; the time of one click, in process, and the loop's in the same run.
Then models made to be hostile: each is refused or answered within limits, while clicks on another product are timed.

    python benchmarks/configure_answers.py [--quick] [--json FILE]

The folder is LOTONE_REFERENCE_DATA (or ../shared/data); without it the benchmark says so and ends.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import numpy as np
from pysat.solvers import Glucose4

from lotone.configure import Configurator, Contradiction, Product, configurator_of, prepare, read_model
from lotone.configure.model.options import State
from lotone.kernel import LotOneError, Words

FOLDER = Path(os.environ.get("LOTONE_REFERENCE_DATA") or Path(__file__).parents[2] / "shared" / "data") / "configuration"
EBIKE = Path(__file__).parents[1] / "src" / "lotone" / "blueprints" / "ebike" / "product.uvl"
SEQUENCES = 200
CHOICES_MAX = 8


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few sequences, and no model that takes more than seconds")
    parser.add_argument("--json", metavar="FILE", help="write the result here too")
    parser.add_argument("--only", metavar="NAME", action="append", help="only these models")
    chosen = parser.parse_args()
    result = measure(quick=chosen.quick, only=chosen.only)
    text = json.dumps(result, indent=2)
    print(text)
    if chosen.json:
        Path(chosen.json).write_text(text + "\n", encoding="utf-8")
    return 1 if result.get("wrong") else 0


def measure(*, quick: bool, only: Sequence[str] | None) -> dict[str, Any]:
    models = sorted(path for path in FOLDER.glob("*.*") if path.suffix in (".uvl", ".dimacs"))
    if not models:
        return {"skipped": f"no models in {FOLDER}: set LOTONE_REFERENCE_DATA to the folder with reference data"}
    known = json.loads((FOLDER / "reference_values.json").read_text(encoding="utf-8"))
    result: dict[str, Any] = {"models": {}}
    for path in models:
        if only is None or path.stem in only:
            print(f"... {path.name}", file=sys.stderr, flush=True)
            result["models"][path.stem] = of_model(path, known.get(path.stem, {}), quick=quick)
    if only is None:
        result["hostile"] = hostile(quick=quick)
    result["wrong"] = [name for name, found in result["models"].items() if not found["right"]]
    return result


def of_model(path: Path, known: dict[str, Any], *, quick: bool) -> dict[str, Any]:
    begun = time.perf_counter()
    model = read_model(path)
    read = time.perf_counter()
    configurator = Configurator(model)
    try:
        nothing = configurator.options([])
    except Contradiction as fault:
        return {"features": len(model.features), "void": str(fault), "right": not known, "sequences": 0}
    ready = time.perf_counter()
    fixed = len(nothing.forced) + len(nothing.impossible)
    found: dict[str, Any] = {
        "features": len(model.features),
        "read_s": round(read - begun, 3),
        "until_first_answer_s": round(ready - read, 3),
        "answered_by": type(configurator.reasoner).__name__,
        "fixed": fixed,
        "digits_of_count": None if nothing.count is None else len(str(nothing.count)),
    }
    found["right"] = is_as_published(path, configurator, fixed, known)
    found |= against_loop(configurator, budget_s=10 if quick else 150)
    found["right"] &= found["sequences_right"] == found["sequences"]
    return found


def is_as_published(path: Path, configurator: Configurator, fixed: int, known: dict[str, Any]) -> bool:
    """Reading clauses hangs all variables below one more feature, which is in every configuration."""
    if not known:
        return True
    literals = fixed - (path.suffix == ".dimacs")
    count = str(configurator.count())
    return bool(count == known["valid_configurations"] and literals == known["literals_fixed_in_every_configuration"])


def against_loop(configurator: Configurator, *, budget_s: float) -> dict[str, Any]:
    """Random choices, each possible when it is made; the states after the last one against the loop's."""
    formula = configurator.formula
    if formula.clauses.is_typed:
        return typed_clicks(configurator)
    random = Random(f"choices {configurator.model.name}")
    loop = Loop(formula.all, formula.features)
    clicks: list[float] = []
    passes: list[float] = []
    loops: list[float] = []
    right = 0
    until = time.perf_counter() + budget_s
    while len(loops) < SEQUENCES and (time.perf_counter() < until or not loops):
        choices: list[str] = []
        options = configurator.options([])
        for _ in range(random.randint(1, CHOICES_MAX)):
            if options.is_complete:
                break
            choices.append(random.choice(options.possible))
            options, seconds = timed(configurator.options, choices)
            clicks.append(seconds)
            passes.append(timed(configurator.reasoner.answer, numbered(configurator, choices), costs(configurator))[1])
        states, seconds = timed(loop.states, numbered(configurator, choices))
        loops.append(seconds)
        right += bool((states == np.minimum(options.states, State.FORCED)).all())
    return {
        "sequences": len(loops),
        "sequences_right": right,
        "options_p50_ms": percentile(clicks, 50),
        "options_p99_ms": percentile(clicks, 99),
        "answer_p50_ms": percentile(passes, 50),
        "answer_p99_ms": percentile(passes, 99),
        "pysat_loop_p50_ms": percentile(loops, 50),
        "times_faster_than_loop": round(float(np.median(loops) / np.median(clicks))),
    }


def typed_clicks(configurator: Configurator) -> dict[str, Any]:
    """Numbers and texts are not for a SAT solver: these models are timed only, tests compare them."""
    random = Random(f"choices {configurator.model.name}")
    clicks: list[float] = []
    for _ in range(10):
        options = configurator.options([])
        choices: list[str] = []
        while not options.is_complete and len(choices) < CHOICES_MAX:
            choices.append(random.choice(options.possible))
            options, seconds = timed(configurator.options, choices)
            clicks.append(seconds)
    times = {"options_p50_ms": percentile(clicks, 50), "options_p99_ms": percentile(clicks, 99)}
    return {"sequences": 0, "sequences_right": 0, "not_compared": "it compares numbers or texts", **times}


class Loop:
    """One call of the solver for each literal that no model has shown yet."""

    def __init__(self, clauses: Sequence[Sequence[int]], features: int) -> None:
        self.features = features
        self.solver = Glucose4(bootstrap_with=clauses)

    def states(self, assumptions: Sequence[int]) -> Any:
        """0 impossible, 1 possible, 2 in every solution, for each feature."""
        seen: set[int] = set()
        for variable in range(1, self.features + 1):
            for literal in (variable, -variable):
                if literal not in seen and self.solver.solve(assumptions=[*assumptions, literal]):
                    seen.update(self.solver.get_model()[: self.features])
        return np.array([(number in seen) * (2 - (-number in seen)) for number in range(1, self.features + 1)])


def numbered(configurator: Configurator, choices: Sequence[str]) -> list[int]:
    variable = configurator.formula.clauses.variable
    return [variable[name] for name in choices]


def costs(configurator: Configurator) -> Any:
    prices = [feature.price_cents for feature in configurator.model.features.values()]
    cost = np.zeros(configurator.formula.variables + 1, dtype=np.int64)
    cost[1 : len(prices) + 1] = prices
    return cost


def timed(call: Callable[..., Any], *given: Any) -> tuple[Any, float]:
    begun = time.perf_counter()
    found = call(*given)
    return found, time.perf_counter() - begun


def percentile(seconds: Sequence[float], which: float) -> float | None:
    return round(1000 * float(np.percentile(seconds, which)), 3) if seconds else None


# hostile models


def hostile(*, quick: bool) -> dict[str, Any]:
    """Each in a thread, as the web has it, while this thread clicks on another product."""
    other = Product("ebike", Words("E-bike"), EBIKE.read_text(encoding="utf-8"))
    prepare(other)
    clicks(other, lambda: False, at_least=200)
    models = {"random_3sat": random_3sat(250 if quick else 700), "deep_tree": deep(2_000 if quick else 10_000)}
    models["file_of_50_mb"] = huge(5_000_000 if quick else 50_000_000)
    alone = clicks(other, lambda: False, at_least=2_000)
    found: dict[str, Any] = {"other_product_alone_p50_ms": percentile(alone, 50), "alone_p99_ms": percentile(alone, 99)}
    for name, text in models.items():
        print(f"... {name}", file=sys.stderr, flush=True)
        found[name] = published_beside(Product(name, Words(name), text), other)
    return found


def published_beside(product: Product, other: Product) -> dict[str, Any]:
    ended: list[Any] = []

    def publish() -> None:
        begun = time.perf_counter()
        try:
            prepare(product)
            options = configurator_of(product).options([])
            outcome = f"answered: {len(options.possible)} options"
        except LotOneError as fault:
            outcome = f"refused: {str(fault)[:200]}"
        ended.extend((outcome, round(time.perf_counter() - begun, 2)))

    thread = Thread(target=publish)
    thread.start()
    beside = clicks(other, thread.is_alive, at_least=200)
    thread.join()
    return {
        "outcome": ended[0] if ended else "it broke",
        "seconds": ended[1] if ended else None,
        "other_product_p50_ms": percentile(beside, 50),
        "other_product_p99_ms": percentile(beside, 99),
    }


def clicks(product: Product, goes_on: Callable[[], bool], *, at_least: int) -> list[float]:
    configurator = configurator_of(product)
    open_ = configurator.options([]).possible
    random = Random("clicks")
    seconds: list[float] = []
    while len(seconds) < at_least or goes_on():
        seconds.append(timed(configurator.options, [random.choice(open_)])[1])
        time.sleep(0.001)  # people leave the processor to others between two clicks
    return seconds


def random_3sat(variables: int) -> str:
    """Random 3-SAT at the ratio of clauses to variables where it is hardest (Mitchell, Selman, Levesque 1992)."""
    random = Random("3-SAT")
    names = [f"v{number}" for number in range(variables)]
    clauses = [[(random.choice(("", "!")), name) for name in random.sample(names, 3)] for _ in range(round(4.26 * variables))]
    rules = ["    " + " | ".join(sign + name for sign, name in clause) for clause in clauses]
    features = ["features", "    Hard", "        optional", *("            " + name for name in names)]
    return "\n".join([*features, "constraints", *rules]) + "\n"


def deep(levels: int) -> str:
    """Every feature hangs below the one before; indented by one blank, as four would make it 1.6 GB."""
    lines = ["features"]
    for level in range(levels):
        lines += [" " * (2 * level + 1) + f"f{level}", " " * (2 * level + 2) + "optional"]
    return "\n".join(lines[:-1]) + "\n"


def huge(size: int) -> str:
    lines = ["features", "    Huge", "        optional"]
    lines += [f"            option{number:08d}" for number in range(size // 27)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
