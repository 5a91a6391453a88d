"""How good schedules of published job shops, flexible job shops and projects are after 1, 10 and 60 s, against plain CP-SAT.

Ours is what `lotone plan solve` does; plain is CP-SAT with default settings on the same instance (solvers/instance_cpsat.py).
Both run one after the other in the same run with the same number of workers; who proves an optimum ends early. Figures are
per cent above the best known makespan, as geometric means; values between are read from each solver's trace. Every schedule
is judged by the independent verifier, and none may be below the proven bound.

The sample: of each family (ft, la, abz, orb, swv, ta; mk, Dauzere, Hurink edata and vdata, Barnes, Fattahi and Kacem), ordered
by size, `--sample` instances from the middles of as many equal parts; `--all` takes every instance. The data are the
reference data (LOTONE_REFERENCE_DATA, else ../shared/data beside the project); without them nothing is measured.

    python benchmarks/plan_quality.py [--quick] [--sample N | --all] [--seconds S] [--workers N] [--resume] [--json FILE]
"""

import argparse
import csv
import json
import math
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from lotone.plan import read_instance, verify
from lotone.plan.model.instance import Found, Instance, NoSchedule
from lotone.plan.solvers import instance_cpsat
from lotone.plan.solvers.instances import solve_instance

DATA = Path(os.environ.get("LOTONE_REFERENCE_DATA") or Path(__file__).parents[2] / "shared" / "data") / "scheduling"
MOMENTS = (1.0, 10.0, 60.0)
PROJECTS = 100
PROJECT_S = 20.0
TARGETS = {
    "job_shops": {"after_60_s_percent": 1.3, "after_10_s_percent": 3.0, "times_plain": 0.75},
    "flexible_job_shops": {"after_60_s_percent": 1.2, "times_plain": 0.5},
    "first_feasible_of_the_largest_s": 0.3,
}


@dataclass(frozen=True)
class Case:
    """One published instance with its best known makespan and proven bound."""

    kind: str
    family: str
    name: str
    path: Path
    format: str
    best: int
    bound: int


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="where the figures go, after every instance")
    parser.add_argument("--quick", action="store_true", help="one second each, few projects")
    parser.add_argument("--sample", type=int, default=1, help="instances of each family")
    parser.add_argument("--all", action="store_true", help="every instance")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each solver and instance")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--resume", action="store_true", help="leave out what the JSON file has already")
    parser.add_argument("families", nargs="*", help="only these, such as ta or vdata")
    chosen = parser.parse_args()
    if not DATA.is_dir():
        finish({"skipped": f"no data in {DATA}"}, chosen.json)
        return 0
    seconds = min(chosen.seconds, 1.0) if chosen.quick else chosen.seconds
    cases = [each for each in (*job_shops(), *flexible_job_shops()) if each.family in chosen.families or not chosen.families]
    taken = cases if chosen.all else sample(cases, chosen.sample)
    run = Run(seconds, chosen.workers, chosen.json, resume=chosen.resume)
    for case in taken:
        run.measure(case)
    run.projects(8 if chosen.quick else PROJECTS)
    run.largest()
    print(json.dumps({key: value for key, value in run.result().items() if key != "cases"}, indent=1))
    return 0


def job_shops() -> list[Case]:
    """Those of the data whose best is known."""
    known = table("jobshop_best_known.csv")
    found = []
    for path in sorted((DATA / "jobshop").glob("*.txt")):
        row = known.get(path.stem)
        if row:
            found.append(case("job_shops", row["family"], path, "jobshop", row))
    return found


def flexible_job_shops() -> list[Case]:
    """Those of the data whose best is known."""
    known = table("flexible_jobshop_best_known.csv")
    found = []
    for path in sorted((DATA / "flexible_jobshop").rglob("*.txt")):
        folder = path.relative_to(DATA / "flexible_jobshop").parts[:-1]
        row = known.get(flexible_name(folder, path.stem))
        if row:
            family = "small" if folder[0] in ("fattahi", "kacem") else folder[-1]
            found.append(case("flexible_job_shops", family, path, "fjsp", row))
    return found


def flexible_name(folder: Sequence[str], stem: str) -> str:
    """The name of a file in the table of best known values."""
    if folder[0] == "hurink":
        return f"{stem.replace('mt', 'ft', 1) if stem.startswith('mt') else stem}_{folder[1]}"
    if folder[0] == "fattahi":
        return f"fattahi{int(stem[-2:]) + (10 if stem.startswith('m') else 0)}"
    return {"dauzere": f"dpp{stem}", "kacem": f"kacem{stem[1:]}"}.get(folder[0], stem)


def table(name: str) -> dict[str, dict[str, str]]:
    with (DATA / name).open(newline="") as file:
        return {row["instance"]: row for row in csv.DictReader(file)}


def case(kind: str, family: str, path: Path, format: str, row: Mapping[str, str]) -> Case:
    return Case(kind, family, row["instance"], path, format, int(row["upper_bound"]), int(row["lower_bound"]))


def sample(cases: Iterable[Case], count: int) -> list[Case]:
    """Of each family the middles of equal parts, by the size of the file."""
    families: dict[tuple[str, str], list[Case]] = {}
    for each in cases:
        families.setdefault((each.kind, each.family), []).append(each)
    taken = []
    for family in families.values():
        family.sort(key=lambda each: (each.path.stat().st_size, each.name))
        places = sorted({int(len(family) * (2 * part + 1) / (2 * count)) for part in range(count)})
        taken += [family[place] for place in places]
    return taken


class Run:
    """What is measured, with what was measured before."""

    def __init__(self, seconds: float, workers: int, out: Path | None, *, resume: bool) -> None:
        self.seconds = seconds
        self.workers = workers
        self.out = out
        self.cases: list[dict[str, Any]] = []
        self.more: dict[str, Any] = {}
        if resume and out and out.exists():
            before = json.loads(out.read_text())
            if (before.get("seconds"), before.get("workers")) == (seconds, workers):
                self.cases = before["cases"]
                self.more = {key: before[key] for key in ("projects", "largest") if key in before}

    def measure(self, case: Case) -> None:
        """Ours and plain CP-SAT on one instance."""
        if any((each["kind"], each["name"]) == (case.kind, case.name) for each in self.cases):
            return
        instance = read_instance(case.path, case.format)
        ours = solve_instance(instance, seconds=self.seconds, workers=self.workers)
        plain = plainly(instance, self.seconds, self.workers)
        found = {"kind": case.kind, "family": case.family, "name": case.name, "best_known": case.best}
        found |= {"operations": len(instance.operations), "ours": self.told(instance, ours, case)}
        self.cases.append(found | {"plain": self.told(instance, plain, case) if plain else None})
        self.write()
        shown = [f"{way} {values['objective']:g}" for way in ("ours", "plain") if (values := self.cases[-1][way])]
        print(f"{case.name} ({case.best}): {', '.join(shown)}", file=sys.stderr, flush=True)

    def told(self, instance: Instance, found: Found, case: Case) -> dict[str, Any]:
        judged(instance, found)
        if found.objective < case.bound or (found.bound is not None and found.bound > case.best):
            raise SystemExit(
                f"{case.name}: {found.objective} with bound {found.bound}, but {case.bound} to {case.best} is proven"
            )
        values = {f"{moment:g}": reached(found, moment) for moment in self.moments()}
        told = {"objective": found.objective, "bound": found.bound, "status": found.status, "at": values}
        return told | {"first_feasible_s": round(found.first_feasible_s, 4)}

    def moments(self) -> list[float]:
        return sorted({*(moment for moment in MOMENTS if moment < self.seconds), self.seconds})

    def projects(self, count: int) -> None:
        """RCPSP j30: the mean gap to the optimum, which is known."""
        if self.more.get("projects", {}).get("instances") == count:
            return
        gaps, seconds = [], []
        for name, row in list(table("rcpsp_j30_optimal_first100.csv").items())[:count]:
            instance = read_instance(DATA / "rcpsp" / "j30" / f"{name}.rcp", "rcpsp")
            began = time.perf_counter()
            found = solve_instance(instance, seconds=min(PROJECT_S, self.seconds), workers=self.workers)
            seconds.append(time.perf_counter() - began)
            judged(instance, found)
            gaps.append(found.objective / int(row["optimal_makespan"]) - 1)
        told = {"instances": count, "mean_gap_percent": percent(fmean(gaps)), "optimal": gaps.count(0.0)}
        self.more["projects"] = told | {"mean_s": round(fmean(seconds), 3)}
        self.write()

    def largest(self) -> None:
        """The first feasible plan of the instance with the most operations of all job shops, re-entrant ones included."""
        if "largest" in self.more:
            return
        files = [path for folder in ("reentrant_bel", "jobshop") for path in (DATA / folder).glob("*.txt")]
        instance = read_instance(max(files, key=lambda each: each.stat().st_size), "jobshop")
        found = solve_instance(instance, seconds=1.0, workers=self.workers)
        judged(instance, found)
        told = {"instance": instance.name, "operations": len(instance.operations)}
        self.more["largest"] = told | {"first_feasible_s": round(found.first_feasible_s, 4)}
        self.write()

    def result(self) -> dict[str, Any]:
        kinds = dict.fromkeys(each["kind"] for each in self.cases)
        means = {kind: self.means([each for each in self.cases if each["kind"] == kind]) for kind in kinds}
        return {
            "seconds": self.seconds,
            "workers": self.workers,
            **means,
            **self.more,
            "targets": TARGETS,
            "cases": self.cases,
        }

    def means(self, cases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        told: dict[str, Any] = {"instances": len(cases)}
        for moment in (f"{each:g}" for each in self.moments()):
            told[f"after_{moment}_s"] = compared(cases, moment)
        families = dict.fromkeys(each["family"] for each in cases)
        last = f"{self.seconds:g}"
        told["families"] = {name: compared([each for each in cases if each["family"] == name], last) for name in families}
        return told

    def write(self) -> None:
        if self.out:
            fresh = self.out.with_suffix(".part")
            fresh.write_text(json.dumps(self.result(), indent=1))
            fresh.replace(self.out)


def plainly(instance: Instance, seconds: float, workers: int) -> Found | None:
    """None when CP-SAT found no schedule in time."""
    try:
        return instance_cpsat.solve(instance, seconds, workers)
    except NoSchedule:
        return None


def judged(instance: Instance, found: Found) -> None:
    """Ends the run when a schedule doesn't hold or isn't worth what its solver says."""
    verdict = verify(instance, found.schedule)
    if not verdict.holds or verdict.objective != found.objective:
        raise SystemExit(
            f"{instance.name}: {[fault.words for fault in verdict.faults[:5]]} {found.objective} {verdict.objective}"
        )


def reached(found: Found, moment: float) -> float | None:
    """The objective at a moment; None before the first schedule. Who ends before it stands where it ended."""
    values = [objective for seconds, objective in found.trace if seconds <= moment]
    return min(values, default=None)


def compared(cases: Sequence[Mapping[str, Any]], moment: str) -> dict[str, Any]:
    """Geometric means above the best known where both have a schedule by then, and their ratio."""
    ours = [gap(each, "ours", moment) for each in cases]
    plain = [gap(each, "plain", moment) for each in cases]
    both = [(one, other) for one, other in zip(ours, plain, strict=True) if one is not None and other is not None]
    told: dict[str, Any] = {"ours_percent": mean(ours), "without_schedule": ours.count(None)}
    told |= {"plain_percent": mean(plain), "plain_without_schedule": plain.count(None)}
    if both:
        mine, other = (math.expm1(fmean(values)) for values in zip(*both, strict=True))
        told["times_plain"] = round(mine / other, 3) if other > 0 else None
    return told


def gap(case: Mapping[str, Any], way: str, moment: str) -> float | None:
    """The logarithm of what is above the best known."""
    value = case[way] and case[way]["at"][moment]
    return None if value is None else math.log(value / case["best_known"])


def mean(gaps: Sequence[float | None]) -> float | None:
    known = [each for each in gaps if each is not None]
    return percent(math.expm1(fmean(known))) if known else None


def percent(part: float) -> float:
    return round(100 * part, 3)


def finish(result: Mapping[str, Any], out: Path | None) -> None:
    print(json.dumps(result, indent=1))
    if out:
        out.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    sys.exit(main())
