"""How fast configured order lines become parts and operations, and how fast a product line is proved.

Twenty different configurations are exploded, each one checked before: of the electric bicycle, and of a generated family
of 500 features with 5,000 rows of parts and 100 operations. Compared in the same run with
- plain evaluation: every condition of every row, one after the other, as it was done before;
- sampling: as many random configurations looked at one by one as the proof of the whole line takes time for.

    python benchmarks/configure_explode.py [--quick] [--json FILE]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Set
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import lotone
from lotone.configure import (
    CheckNeed,
    CheckRule,
    Configurator,
    Demand,
    DemandRules,
    OperationNeed,
    OperationRule,
    ParameterRule,
    PartNeed,
    PartRule,
    Quantity,
    Tables,
    TimeRule,
    holds,
    in_working_order,
    parse_expression,
    prove,
    read_model,
)
from lotone.kernel import Words
from lotone.loader import read_blueprint

LINES = 20
TARGET_TOTAL_MS = 1_000.0
GROUPS = 100
MEMBERS = 4
EXTRAS = 99
ROWS = {"parts": 5_000, "times": 500, "parameters": 500, "checks": 200}
OPERATIONS = 100


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument("--json", type=Path, help="write the results into a file")
    arguments = parser.parse_args()
    repeat = 3 if arguments.quick else 15
    chance = Random(2026)
    results: dict[str, Any] = {
        "ebike": measured(*ebike(chance), repeat=repeat),
        "generated_500_features": measured(*generated(chance), repeat=repeat),
        "target_total_ms": TARGET_TOTAL_MS,
    }
    print(json.dumps(results, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))
    return 0 if all(results[name]["checked_total_ms"] < TARGET_TOTAL_MS for name in ("ebike", "generated_500_features")) else 1


def measured(configurator: Configurator, configurations: list[frozenset[str]], *, repeat: int) -> dict[str, Any]:
    rules = configurator.demand
    made_ready, tables = timed(lambda: Tables(rules), 1)
    fast, demands = timed(lambda: [tables.explode(one) for one in configurations], repeat)
    checked, same = timed(lambda: [configurator.explode(one) for one in configurations], repeat)
    slow, plain = timed(lambda: [plainly(rules, one) for one in configurations], min(repeat, 3))
    if not demands == same == plain:
        raise AssertionError("the demands differ from plain evaluation")
    proof, violations = timed(lambda: prove(configurator, rules), 1)
    return {
        "lines": len(configurations),
        "part_rows": len(rules.parts),
        "parts_of_a_line": round(median(len(demand.parts) for demand in demands)),
        "operations_of_a_line": round(median(len(demand.operations) for demand in demands)),
        "made_ready_once_ms": made_ready,
        "total_ms": fast,
        "checked_total_ms": checked,
        "anchor_plain_total_ms": slow,
        "times_faster": slow / fast,
        "proof_of_the_line_ms": proof,
        "violations": len(violations),
        "anchor_sampled_configurations_in_that_time": round(proof / (slow / len(configurations))),
    }


def timed(work: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    """The median time in milliseconds, and what came out."""
    times, found = [], None
    for _ in range(repeat):
        begun = time.perf_counter()
        found = work()
        times.append((time.perf_counter() - begun) * 1000)
    return median(times), found


def ebike(chance: Random) -> tuple[Configurator, list[frozenset[str]]]:
    product = read_blueprint(Path(lotone.__file__).parent / "blueprints" / "ebike").product
    configurator = Configurator(read_model(product.model_text), product.demand)
    found: set[frozenset[str]] = set()
    while len(found) < LINES:
        chosen: list[str] = []
        for name in chance.sample(configurator.model.options, 12):
            if configurator.is_possible(choices=[*chosen, name]):
                chosen.append(name)
        found.add(configurator.complete(chosen))
    return configurator, sorted(found, key=sorted)


def generated(chance: Random) -> tuple[Configurator, list[frozenset[str]]]:
    """A family of alternatives and extras in which some extras need others, and tables that mention all of them."""
    groups = [[f"g{group}_{member}" for member in range(MEMBERS)] for group in range(GROUPS)]
    extras = [f"x{number}" for number in range(EXTRAS)]
    needs = {extras[at]: extras[at + 1] for at in range(0, EXTRAS - 1, 3)}
    lines = ["features", "    family", "        optional", *(f"            {extra}" for extra in extras), "        mandatory"]
    for number, members in enumerate(groups):
        lines += [f"            g{number}", "                alternative", *(f"                    {one}" for one in members)]
    lines += ["constraints", *(f"    {extra} => {other}" for extra, other in needs.items())]
    model = read_model("\n".join(lines) + "\n", name="family")
    configurator = Configurator(model, family_rules(chance, [*(name for own in groups for name in own), *extras]))

    def configuration() -> frozenset[str]:
        chosen = {"family", *(f"g{number}" for number in range(GROUPS)), *(chance.choice(own) for own in groups)}
        taken = {extra for extra in extras if chance.random() < 0.4}
        return frozenset(chosen | taken | {needs[extra] for extra in taken if extra in needs})

    return configurator, [configuration() for _ in range(LINES)]


def family_rules(chance: Random, names: list[str]) -> DemandRules:
    patterns = ("{0}", "{0}", "{0} & !{1}", "{0} | {1}", "{0} & {1}", "!{0} & ({1} | {2})", "!{0}")

    def when() -> str:
        return chance.choice(patterns).format(*chance.sample(names, 3))

    def step() -> str:
        return f"op{chance.randrange(OPERATIONS)}"

    operations = tuple(
        OperationRule(
            f"op{number}", Words(f"Operation {number}"), f"center{number % 12}", 10.0 + number % 7,
            tuple(f"op{before}" for before in sorted(chance.sample(range(number), min(number, 2)))),
            when=parse_expression(when() if number % 5 == 4 else ""),
        )
        for number in range(OPERATIONS)
    )  # fmt: skip
    return DemandRules(
        operations=operations,
        times=tuple(TimeRule(step(), 0.5, parse_expression(when())) for _ in range(ROWS["times"])),
        parts=tuple(
            PartRule(f"part{chance.randrange(2_000)}", 1.0, step(), parse_expression(when())) for _ in range(ROWS["parts"])
        ),
        parameters=tuple(
            row for number in range(ROWS["parameters"] // 2) for row in either(f"parameter{number}", step(), when())
        ),
        checks=tuple(
            CheckRule(step(), f"check{number}", None, 1.0, parse_expression(when())) for number in range(ROWS["checks"])
        ),
    )


def either(parameter: str, operation: str, when: str) -> tuple[ParameterRule, ParameterRule]:
    """A parameter with one value while the condition holds and another while it does not."""
    return (
        ParameterRule(operation, parameter, 1, parse_expression(when)),
        ParameterRule(operation, parameter, 2, parse_expression(f"!({when})")),
    )


def plain(quantity: Quantity) -> float:
    """These tables have no formulas."""
    assert isinstance(quantity, int | float)
    return quantity


def plainly(rules: DemandRules, configuration: Set[str]) -> Demand:
    """The anchor: every row of every table tested for every line."""

    def applying(rows: Iterable[Any], operation: str) -> list[Any]:
        return [row for row in rows if row.operation == operation and holds(row.when, configuration)]

    routing = {rule.id: rule for rule in rules.operations}
    present = {rule.id: rule for rule in in_working_order(rules.operations) if holds(rule.when, configuration)}

    def before(rule: OperationRule) -> Iterable[str]:
        for step in rule.after:
            if step in present:
                yield step
            else:
                yield from before(routing[step])

    def need(rule: OperationRule) -> OperationNeed:
        parameters = {row.parameter: row.value for row in applying(rules.parameters, rule.id)}
        return OperationNeed(
            rule.id, rule.words, rule.work_center,
            max(0.0, plain(rule.minutes) + sum(plain(time.add_minutes) for time in applying(rules.times, rule.id))),
            tuple(dict.fromkeys(before(rule))), plain(rule.wait_after_minutes), rule.work_units, parameters,
            tuple(CheckNeed(row.check, row.low, row.high) for row in applying(rules.checks, rule.id)),
            setup=rule.setup_of(parameters), batch=rule.batch_of(parameters), size=rule.size, also=rule.also,
            wait_most_minutes=rule.wait_most_minutes,
        )  # fmt: skip

    operations = tuple(need(rule) for rule in present.values())
    quantities: dict[tuple[str, str], float] = {}
    for part in rules.parts:
        if part.operation in present and holds(part.when, configuration):
            key = part.part, part.operation
            quantities[key] = quantities.get(key, 0.0) + plain(part.quantity)
    return Demand(tuple(PartNeed(part, quantity, at) for (part, at), quantity in quantities.items()), operations)


if __name__ == "__main__":
    sys.exit(main())
