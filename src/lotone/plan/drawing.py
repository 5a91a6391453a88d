"""A schedule as a picture: a Gantt chart in SVG, resources as rows, jobs as colours."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape

from lotone.plan.model.instance import Instance, Placed, Resource, Schedule

WIDTH = 1200
"""Pixels of the time axis."""
LEFT, TOP, BOTTOM = 64, 34, 30
LANE = 20
GAP = 6
TICKS = 10
LETTER = 6.2
"""Pixels of one digit of a label."""
GOLDEN_ANGLE = 137.508
"""Degrees between the colours of two jobs that follow each other, so that neighbours differ."""
STYLE = """
text { font: 11px system-ui, sans-serif; fill: #333 }
.title { font-size: 14px; font-weight: 600 }
.lane { fill: #f5f5f4 } .grid { stroke: #ddd } .closed { fill: #d6d3d1 } .setup { fill: #57534e }
.bar { stroke: #fff; stroke-width: .6 } .label { text-anchor: middle; pointer-events: none }
"""


@dataclass(frozen=True)
class _Bar:
    operation: int
    start: int
    end: int
    lane: int


@dataclass(frozen=True)
class _Row:
    name: str
    top: float
    lanes: int
    bars: Sequence[_Bar]
    resource: Resource | None

    @property
    def height(self) -> int:
        return self.lanes * LANE


def gantt(instance: Instance, schedule: Schedule) -> str:
    """The schedule as an SVG picture of its own, without scripts. What takes no resource has a row `-` at the end.

    Closed times are grey, setups dark; the words of a bar appear when a browser's pointer rests on it.
    """
    rows = list(_rows(instance, schedule))
    last = max((placed.end for placed in schedule), default=0) or 1
    height = TOP + sum(row.height + GAP for row in rows) + BOTTOM
    title = f"{instance.name or 'schedule'}: {instance.objective} {instance.value(schedule):g}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 20} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect width="100%" height="100%" fill="#fff"/><text class="title" x="{LEFT}" y="20">{escape(title)}</text>',
        *(part for row in rows for part in _background(row, last)),
        *_axis(last, height),
        *(part for row in rows for part in _bars(instance, row, last)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _rows(instance: Instance, schedule: Schedule) -> Iterator[_Row]:
    uses: dict[int, list[Placed]] = {number: [] for number in range(len(instance.resources))}
    for placed in schedule:
        takes = instance.operations[placed.operation].modes[placed.mode].takes
        for taken, _ in takes or ((-1, 1),):
            uses.setdefault(taken, []).append(placed)
    top = float(TOP)
    for number, found in uses.items():
        bars = list(_in_lanes(found))
        lanes = max((bar.lane for bar in bars), default=0) + 1
        resource = instance.resources[number] if number >= 0 else None
        yield _Row(str(number) if number >= 0 else "-", top, lanes, bars, resource)
        top += lanes * LANE + GAP


def _in_lanes(found: Iterable[Placed]) -> Iterator[_Bar]:
    """Each in the first lane that is free, so that what runs at the same time stands one below the other."""
    free: list[int] = []
    for placed in sorted(found, key=lambda each: (each.start, each.end)):
        lane = next((number for number, since in enumerate(free) if since <= placed.start), len(free))
        free[lane : lane + 1] = [placed.end]
        yield _Bar(placed.operation, placed.start, placed.end, lane)


def _x(moment: int, last: int) -> float:
    return LEFT + WIDTH * moment / last


def _rect(kind: str, start: int, end: int, row: _Row, last: int, lane: int | None = None) -> str:
    x, right = _x(start, last), _x(min(end, last), last)
    y, height = (row.top, row.height) if lane is None else (row.top + lane * LANE + 1, LANE - 2)
    return f'<rect class="{kind}" x="{x:.2f}" y="{y:g}" width="{right - x:.2f}" height="{height}"/>'


def _background(row: _Row, last: int) -> Iterator[str]:
    yield f'<text x="{LEFT - 8}" y="{row.top + LANE * 0.7:g}" text-anchor="end">{row.name}</text>'
    yield _rect("lane", 0, last, row, last)
    for start, end in row.resource.closed if row.resource else ():
        if start < last:
            yield _rect("closed", start, end, row, last)


def _axis(last: int, height: float) -> Iterator[str]:
    for moment in range(0, last + 1, _step(last)):
        x = _x(moment, last)
        yield f'<line class="grid" x1="{x:.2f}" x2="{x:.2f}" y1="{TOP - 4}" y2="{height - BOTTOM}"/>'
        yield f'<text x="{x:.2f}" y="{height - 10:g}" text-anchor="middle">{moment}</text>'


def _step(last: int) -> int:
    """1, 2 or 5 times a power of ten, so that there are about ten marks."""
    power: int = 10 ** max(0, len(str(last // TICKS)) - 1)
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power * TICKS >= last)


def _bars(instance: Instance, row: _Row, last: int) -> Iterator[str]:
    if row.resource and row.resource.setup:
        yield from _setups(instance, row, row.resource, last)
    for bar in row.bars:
        operation = instance.operations[bar.operation]
        hue = operation.job * GOLDEN_ANGLE % 360
        words = f"{operation}: {bar.start}-{bar.end}"
        shape = _rect("bar", bar.start, bar.end, row, last, bar.lane).replace("/>", f' fill="hsl({hue:.0f} 55% 70%)">')
        yield f"{shape}<title>{words}</title></rect>"
        label = f"{operation.job}.{operation.number}"
        if len(label) * LETTER < WIDTH * (bar.end - bar.start) / last:
            middle = (_x(bar.start, last) + _x(bar.end, last)) / 2
            yield f'<text class="label" x="{middle:.2f}" y="{row.top + (bar.lane + 0.7) * LANE:g}">{label}</text>'


def _setups(instance: Instance, row: _Row, resource: Resource, last: int) -> Iterator[str]:
    families = [(bar.start, instance.operations[bar.operation].family) for bar in row.bars]
    for (_, before), (start, family) in pairwise([(0, resource.family), *families]):
        needed = resource.setup_between(before, family)
        if needed:
            yield _rect("setup", start - needed, start, row, last, 0)
