"""A unit's way through the plant as a picture: the steps in order, each on its lane, and the lines that join them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from math import pi

from lotone.kernel import Words
from lotone.orders import Step, StepState

ROW = 84
LANE = 26
RADIUS = 9
RING = 2 * pi * (RADIUS + 4)
"""Length of the ring that shows how far a running step is."""


@dataclass(frozen=True)
class Stop:
    """A step on the picture."""

    step: Step
    machine: Words
    x: float
    y: float
    progress: float | None
    """Share that the machine has done, where it says so."""
    problem: Words | None

    @property
    def state(self) -> str:
        return self.step.state.value

    @property
    def percent(self) -> int:
        return round((self.progress or 0.0) * 100)

    @property
    def ring(self) -> str:
        return f"{RING * (self.progress or 0.0):.1f} {RING:.1f}"


@dataclass(frozen=True)
class Line:
    """From one stop to the next; drawn in colour when its beginning is done."""

    path: str
    is_done: bool


@dataclass(frozen=True)
class Way:
    stops: tuple[Stop, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


@dataclass(frozen=True)
class Report:
    """What the floor says about a step."""

    progress: float
    problem: Words | None


def way_of(
    steps: Iterable[Step],
    after: Mapping[str, Sequence[str]],
    machines: Mapping[str, Words],
    reports: Mapping[str, Report],
) -> Way:
    """The way of one unit. `after` names the steps before each, `machines` and `reports` are by machine and by step."""
    by_name = {step.step: step for step in steps}
    before = {name: [one for one in after.get(name, ()) if one in by_name] for name in by_name}
    order = _in_order(by_name, before)
    lanes = _lanes(order, before)
    stops: dict[str, Stop] = {}
    for row, name in enumerate(order):
        step, report = by_name[name], reports.get(name)
        stops[name] = Stop(
            step=step,
            machine=machines.get(step.work_unit, Words(step.work_unit)),
            x=LANE * (lanes[name] + 0.5),
            y=ROW * (row + 0.5),
            progress=report.progress if report and step.state is StepState.RUNNING else None,
            problem=report.problem if report else None,
        )
    lines = [
        Line(_path(stops[one], stops[name]), stops[one].step.state is StepState.DONE) for name in order for one in before[name]
    ]
    width = LANE * (max(lanes.values(), default=0) + 1)
    return Way(tuple(stops[name] for name in order), tuple(lines), width, ROW * len(order))


def _in_order(steps: Mapping[str, Step], before: Mapping[str, Sequence[str]]) -> list[str]:
    """By time, but never a step above one that comes before it."""
    waiting = {name: set(before[name]) for name in steps}
    ready = [(steps[name].start, name) for name, missing in waiting.items() if not missing]
    heapify(ready)
    order: list[str] = []
    while ready:
        _, done = heappop(ready)
        order.append(done)
        for name, missing in waiting.items():
            if done in missing:
                missing.discard(done)
                if not missing:
                    heappush(ready, (steps[name].start, name))
    return order


def _lanes(order: Sequence[str], before: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """A step goes on in the leftmost lane of those before it; one that begins a part of the unit opens a lane."""
    lanes: dict[str, int] = {}
    taken: dict[int, str] = {}
    for name in order:
        behind = [one for one in before[name] if taken.get(lanes[one]) == one]
        if behind:
            lane = min(lanes[one] for one in behind)
            for one in behind:
                del taken[lanes[one]]
        else:
            lane = next(number for number in range(len(order) + 1) if number not in taken)
        lanes[name] = lane
        taken[lane] = name
    return lanes


def _path(start: Stop, end: Stop) -> str:
    if start.x == end.x:
        return f"M{start.x:g} {start.y:g}V{end.y:g}"
    turn = end.y - ROW * 0.62
    middle = (turn + end.y) / 2
    return f"M{start.x:g} {start.y:g}V{turn:g}C{start.x:g} {middle:g} {end.x:g} {middle:g} {end.x:g} {end.y:g}"
