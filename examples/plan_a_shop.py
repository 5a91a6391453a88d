"""Plan a paint shop: colour changes, a night without a shift, an oven that bakes batches, paint that must not wait long.

python examples/plan_a_shop.py [gantt.svg]
"""

import sys
from pathlib import Path

from lotone import plan
from lotone.plan.model.instance import After, Instance, Job, Mode, Operation, Resource
from lotone.plan.solvers.instances import solve_instance

BOOTH, OVEN, PAINTERS = 0, 1, 2
WHITE, RED, BLUE = 0, 1, 2
NIGHT = (480, 960)
"""Minutes after the early shift began."""
PARTS = [(WHITE, 60, 200), (RED, 45, 300), (WHITE, 80, 400), (BLUE, 50, 450), (RED, 70, 420), (BLUE, 30, 1100)]
"""Colour, minutes of painting, and when each is due."""


def shop() -> Instance:
    """Each part is painted by a painter in the booth, flashes off for 10 to 60 minutes and is baked."""
    changes = ((0, 15, 15), (40, 0, 25), (40, 25, 0))  # cleaning for white takes longest
    booth = Resource(closed=(NIGHT,), setup=changes, family=WHITE)
    oven = Resource(capacity=2, batch=True)
    painters = Resource(closed=(NIGHT,))
    operations = []
    for job, (colour, minutes, _) in enumerate(PARTS):
        painted = len(operations)
        operations.append(Operation(job, 0, (Mode(minutes, ((BOOTH, 1), (PAINTERS, 1))),), family=colour))
        operations.append(Operation(job, 1, (Mode(90, ((OVEN, 1),)),), (After(painted, least=10, most=60),), family=0))
    jobs = tuple(Job(due, weight=1.0) for _, _, due in PARTS)
    return Instance("paint shop", (booth, oven, painters), tuple(operations), jobs, "tardiness")


def main() -> None:
    problem = shop()
    found = solve_instance(problem, seconds=10, workers=2)
    for job, (_, _, due) in enumerate(PARTS):
        paint, bake = (placed for placed in found.schedule if problem.operations[placed.operation].job == job)
        late = f"{bake.end - due} min late" if bake.end > due else "in time"
        print(f"part {job}: painted at {paint.start}, baked at {bake.start}, done at {bake.end}, {late}")
    print(f"{found.objective:g} minutes late in all, nothing below {found.bound:g} is possible")
    print("the schedule holds" if plan.verify(problem, found.schedule).holds else "the schedule does not hold")
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(plan.gantt(problem, found.schedule), encoding="utf-8")


if __name__ == "__main__":
    main()
