"""How fast models compile into circuits, and how fast a circuit says after a click what is still possible, with its prices.

Public models of up to 18,616 features from the reference data (LOTONE_REFERENCE_DATA, else ../shared/data beside the
checkout). Compared in the same run with a loop over a SAT solver (PySAT, Glucose 4), which asks feature by feature and
strikes out what every found model shows. Its answers must be the same, and so must the numbers of variants and of fixed
features be that were published. `first_answer_s` is everything: reading the text, compiling in a process of its own, and one
answer; `processor` is processor time, which other work on the machine changes less than time on the wall.

    python benchmarks/configure_circuit.py [--quick] [--json FILE]
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import log2
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from pysat.solvers import Glucose4

from lotone.configure import read_model
from lotone.configure.reasoning.artefact import key_of, load, save
from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.compiling import compile_clauses
from lotone.configure.reasoning.kernel import Plain
from lotone.configure.reasoning.reasoner import Answer, Costs

CLICKS_IN_A_ROW = 20
MODEL_MIB_MAX = 1536
TIMES_FASTER_MIN = 1_000
LOG2_OFF_MAX = 1e-6


@dataclass(frozen=True)
class Case:
    """A model with its targets: seconds until the first answer, milliseconds for an answer (99 of 100)."""

    file: str
    first_answer_s_max: float | None = None
    answer_ms_max: float | None = None
    is_large: bool = False

    @property
    def name(self) -> str:
        return Path(self.file).stem


CASES = (
    Case("berkeleydb.dimacs"),
    Case("uClinux-distribution.uvl"),
    Case("busybox-1.18.0.uvl", first_answer_s_max=0.5, answer_ms_max=0.3),
    Case("automotive01.dimacs", first_answer_s_max=2.0),
    Case("automotive2_4.uvl", first_answer_s_max=15.0, answer_ms_max=5.0, is_large=True),
)
"""From small to large, so that the most memory that any compilation took so far is that of the last one."""


@dataclass(frozen=True)
class Formula:
    """Clauses over variables of which the first ones are features."""

    clauses: list[list[int]]
    variables: int
    features: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer clicks")
    parser.add_argument("--json", type=Path, help="write the results into a file")
    arguments = parser.parse_args()
    results = measured(quick=arguments.quick)
    print(json.dumps(results, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))
    return 0


def measured(*, quick: bool) -> dict[str, Any]:
    folder = Path(os.environ.get("LOTONE_REFERENCE_DATA") or Path(__file__).parents[2] / "shared" / "data") / "configuration"
    if not folder.is_dir():
        return {"skipped": f"there is no reference data in {folder.resolve()}; LOTONE_REFERENCE_DATA names its folder"}
    published = json.loads((folder / "reference_values.json").read_text())
    return {case.name: of_model(case, folder, published.get(case.name), quick=quick) for case in CASES}


def of_model(case: Case, folder: Path, published: dict[str, Any] | None, *, quick: bool) -> dict[str, Any]:
    chance, worked_s = Random(2026), processor_s()
    read_s, formula = timed(lambda: read(folder / case.file))
    cost = costs(formula)
    compile_s, circuit = timed(lambda: compile_clauses(formula.clauses, formula.variables))
    answer_s, answer = timed(lambda: circuit.answer([], cost))
    if answer is None:
        raise AssertionError(f"{case.name} has no valid configuration")
    first_answer_s, worked_s = read_s + compile_s + answer_s, processor_s() - worked_s
    if published:
        check_published(circuit, formula, answer, published)
    clicks = of_clicks(circuit, formula, cost, chance, sequences=5 if quick else 50)
    slowest_ms = clicks["answer_processor_p99_ms"]
    anchor = against_loop(circuit, formula, cost, chance, loops=1 if case.is_large else 3 if quick else 10)
    result = {
        "features": formula.features,
        "clauses": len(formula.clauses),
        "nodes": circuit.layout.nodes,
        "branches": circuit.layout.branches,
        "read_s": read_s,
        "compile_s": compile_s,
        "first_answer_s": first_answer_s,
        "first_answer_processor_s": worked_s,
        "compiler_mib_max": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        **stored(circuit, formula),
        **clicks,
        **anchor,
        "times_faster": anchor["anchor_loop_ms"] / clicks["answer_p50_ms"],
        **targets(case, first_answer_s, clicks),
    }
    assert result["compiler_mib_max"] < MODEL_MIB_MAX, f"compiling {case.name} takes too much memory"
    assert case.answer_ms_max is None or slowest_ms < case.answer_ms_max, f"an answer about {case.name} takes {slowest_ms} ms"
    assert not case.is_large or result["times_faster"] > TIMES_FASTER_MIN, "the loop over a solver is nearly as fast"
    return result


def targets(case: Case, first_answer_s: float, clicks: dict[str, float]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if case.first_answer_s_max is not None:
        found["target_first_answer_s"] = case.first_answer_s_max
        found["target_first_answer_met"] = first_answer_s < case.first_answer_s_max
    if case.answer_ms_max is not None:
        found["target_answer_p99_ms"] = case.answer_ms_max
        found["target_answer_met"] = clicks["answer_p99_ms"] < case.answer_ms_max
    return found


def read(path: Path) -> Formula:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".uvl":
        clauses = Clauses(read_model(text, name=path.name))
        return Formula(clauses.all(), clauses.top, len(clauses.names))
    lines = [line.split() for line in text.splitlines() if line and line[0] not in "c"]
    variables = next(int(line[2]) for line in lines if line[0] == "p")
    return Formula([[int(each) for each in line[:-1]] for line in lines if line[0] != "p"], variables, variables)


def costs(formula: Formula) -> Costs:
    """Prices in cents for three features of four, some of them rebates."""
    chance = np.random.default_rng(7)
    found = np.zeros(formula.features + 1, dtype=np.int64)
    found[1:] = chance.integers(-5_000, 100_000, formula.features) * (chance.random(formula.features) < 0.75)
    return found


def check_published(circuit: Circuit, formula: Formula, answer: Answer, published: dict[str, Any]) -> None:
    fixed = int(np.count_nonzero((answer.can_be_in ^ answer.can_be_out)[1 : formula.features + 1]))
    assert str(circuit.count([])) == published["valid_configurations"], "another number of variants than was published"
    assert fixed == published["literals_fixed_in_every_configuration"], "other features are fixed than was published"


def of_clicks(circuit: Circuit, formula: Formula, cost: Costs, chance: Random, *, sequences: int) -> dict[str, float]:
    """Buyers who choose or refuse one open feature after the other, in any order."""
    answers: list[tuple[float, float]] = []
    counts: list[tuple[float, float]] = []
    for _ in range(sequences):
        choices: list[int] = []
        for _ in range(CLICKS_IN_A_ROW):
            answer = clicked(partial(circuit.answer, choices, cost), answers)
            count = clicked(partial(circuit.count, choices), counts)
            assert abs(log2(count) - answer.log2_count) < LOG2_OFF_MAX, "the exact number of variants and its logarithm differ"
            choices = clicked_on(choices, answer, formula, chance)
    plain = Plain(circuit.layout)
    plain.answer([], cost)  # the first one makes lists of the arrays
    plain_s, _ = timed(lambda: plain.answer(choices, cost))
    sample_s, _ = timed(lambda: circuit.sample(choices, chance))
    cheapest_s, _ = timed(lambda: circuit.cheapest(choices, cost))
    return {
        "clicks": len(answers),
        "answer_p50_ms": percentile(answers, 50),
        "answer_p99_ms": percentile(answers, 99),
        "answer_processor_p99_ms": percentile(answers, 99, processor=True),
        "exact_count_p50_ms": percentile(counts, 50),
        "exact_count_p99_ms": percentile(counts, 99),
        "cheapest_ms": cheapest_s * 1000,
        "sample_ms": sample_s * 1000,
        "answer_in_python_ms": plain_s * 1000,
    }


def clicked_on(choices: list[int], answer: Answer, formula: Formula, chance: Random) -> list[int]:
    """One more choice or refusal of what is open; where nothing is, a buyer who begins anew."""
    is_open = (answer.can_be_in & answer.can_be_out)[: formula.features + 1]
    features = np.flatnonzero(is_open).tolist()
    return [*choices, chance.choice(features) * chance.choice((1, 1, -1))] if features else []


def clicked(work: Callable[[], Any], times: list[tuple[float, float]]) -> Any:
    begun, worked = time.perf_counter(), time.thread_time()
    found = work()
    times.append((time.perf_counter() - begun, time.thread_time() - worked))
    return found


def percentile(times: list[tuple[float, float]], percent: float, *, processor: bool = False) -> float:
    return float(np.percentile([each[processor] for each in times], percent)) * 1000


def stored(circuit: Circuit, formula: Formula) -> dict[str, float]:
    """A circuit in a file: writing it to the disk itself, and reading it with every byte checked."""
    with tempfile.TemporaryDirectory() as folder:
        path, key = Path(folder) / "model.circuit", key_of(formula.clauses, formula.variables)
        save_s, _ = timed(lambda: save(circuit, path, key))
        load_s, found = timed(lambda: load(path, key))
        assert found is not None, "a circuit just stored can't be read"
        return {"stored_bytes": path.stat().st_size, "save_ms": save_s * 1000, "load_ms": load_s * 1000}


def against_loop(circuit: Circuit, formula: Formula, cost: Costs, chance: Random, *, loops: int) -> dict[str, float]:
    """The same questions by a loop over a solver; the first is the one without choices."""
    times = []
    with Glucose4(bootstrap_with=formula.clauses) as solver:
        choices: list[int] = []
        for _ in range(loops):
            answer = circuit.answer(choices, cost)
            assert answer is not None, "choices that were open contradict the model"
            took_s, (can_be_in, can_be_out) = timed(partial(by_loop, solver, formula.features, choices))
            times.append(took_s)
            assert (answer.can_be_in[1 : formula.features + 1] == can_be_in).all(), "the loop finds other possible features"
            assert (answer.can_be_out[1 : formula.features + 1] == can_be_out).all(), "the loop finds other forced features"
            choices = clicked_on(choices, answer, formula, chance)
    return {"anchor_loops": loops, "anchor_loop_ms": float(np.median(times)) * 1000}


def by_loop(solver: Glucose4, features: int, choices: list[int]) -> tuple[Any, Any]:
    """Which features can be in and out: two questions each, less those that a model found before has answered."""
    seen = np.zeros((2, features), dtype=bool)
    solver.solve(assumptions=choices)
    note(solver, seen)
    for feature in range(features):
        for side, literal in enumerate((feature + 1, -feature - 1)):
            if not seen[side, feature] and solver.solve(assumptions=[*choices, literal]):
                note(solver, seen)
    return seen[0], seen[1]


def note(solver: Glucose4, seen: Any) -> None:
    values = np.array(solver.get_model()[: seen.shape[1]]) > 0
    seen[0] |= values
    seen[1] |= ~values


def processor_s() -> float:
    """Of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came out."""
    begun = time.perf_counter()
    found = work()
    return time.perf_counter() - begun, found


if __name__ == "__main__":
    sys.exit(main())
