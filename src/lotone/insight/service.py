"""What machines' state samples mean: since when each is in which state, when it stopped and recovered, times per state."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from lotone.assets import MachineState, Meaning, Sample, Tag, microseconds, moment
from lotone.insight.facts import MachineRecovered, MachineStopped
from lotone.insight.model import (
    Mark,
    News,
    StateNow,
    StopPeriod,
    Stretch,
    UnitTimes,
    expected_minutes,
    mark_of,
    news,
    runs,
    seconds_per_state,
    stops,
    stretches,
    weightiest,
)
from lotone.insight.store import Store
from lotone.kernel import Clock, Tell

Increase = Callable[[list[int], int, int], dict[int, float]]
"""How much counters (tag numbers) grew from a time to a time, see `historian.Historian.increase`."""

AHEAD = timedelta(minutes=1)
"""A machine's clock may be ahead of ours by so much: what it says of the next minute is true now."""
KEEP_REPEATS = timedelta(days=7)
REMEMBERED_STOPS = 20
"""The expected duration of a stop looks back on the machine's newest stops, this many."""


class InsightService:
    """The machines of one organization. `clock` is the plant's.

    The timeline of a machine depends only on the set of samples that were observed, not on their order or repetition.
    """

    def __init__(
        self, store: Store, clock: Clock, tell: Tell, *, increase: Increase | None = None, repair_minutes: float = 120.0
    ) -> None:
        """`repair_minutes` are expected of a machine that never stopped before; without `increase` no energy is answered."""
        self.store = store
        self.clock = clock
        self.tell = tell
        self.increase = increase
        self.repair_minutes = repair_minutes

    # Observing

    def observe(self, samples: Iterable[tuple[Tag, Sample]]) -> None:
        """Take notice of samples, of which those that tell a machine's state matter. May be repeated without harm.

        Tells MachineStopped and MachineRecovered, once for each stop, and what puts right an earlier one.
        """
        marks = [(tag.asset, mark_of(tag, sample)) for tag, sample in samples if tag.meaning is Meaning.STATE]
        marks.sort(key=itemgetter(0))
        for work_unit, group in groupby(marks, key=itemgetter(0)):
            for item in self._observe(work_unit, [mark for _, mark in group]):
                self._tell(work_unit, item)

    def _observe(self, work_unit: str, said: list[Mark]) -> list[News]:
        marks = weightiest(said)
        first, last = min(marks)[0], max(marks)[0]
        known = {mark.identity: mark for mark in self.store.marks(work_unit, first, last)}
        changed = [mark for identity, mark in marks.items() if identity not in known or mark.outweighs(known[identity])]
        if not changed:
            return []
        self.store.save_marks(work_unit, changed, known)
        times = [mark.time for mark in changed]
        self._rebuild_runs(work_unit, min(times), max(times))
        return self._rebuild_stops(work_unit, min(times))

    def _rebuild_runs(self, work_unit: str, first: int, last: int) -> None:
        """Derive anew the runs that begin from the first to the last moment, and at the mark after these, if there is one."""
        last = self.store.next_mark_time(work_unit, last) or last
        before = self.store.run_before(work_unit, first)
        following = self.store.next_run_start(work_unit, last)
        found = runs(before.state if before else None, self.store.marks(work_unit, first, last), following)
        self.store.replace_runs(work_unit, first, last, found)
        if before:
            self.store.end_run(work_unit, before.start, found[0].start if found else following)

    def _rebuild_stops(self, work_unit: str, first: int) -> list[News]:
        """Derive anew the stops from a moment on; returns what there is to tell."""
        earlier = self.store.stop_before(work_unit, first)
        if earlier and earlier.ended is not None and earlier.ended < first:
            earlier = None
        before = [*([earlier] if earlier else []), *self.store.stops_from(work_unit, first)]
        after = stops(earlier, self.store.runs_from(work_unit, first))
        self.store.replace_stops(work_unit, before, after)
        return news(before, after)

    def _tell(self, work_unit: str, item: News) -> None:
        stop = item.stop
        if item.is_over:
            minutes = (item.at - stop.began) / 60_000_000
            self.tell(
                MachineRecovered(
                    work_unit, moment(item.at), moment(stop.began), minutes, corrected=item.corrected, withdrawn=item.withdrawn
                )
            )
            return
        past = self.store.past_stops(work_unit, stop.began, REMEMBERED_STOPS)
        expected = expected_minutes(past, self.repair_minutes)
        state = MachineState.DOWN.value
        self.tell(MachineStopped(work_unit, moment(stop.began), state, "breakdown", expected, corrected=item.corrected))

    def tidy(self, keep: timedelta = KEEP_REPEATS) -> int:
        """Forget samples that only repeated the state before them and are older than `keep`; returns how many.

        A sample that comes later than that, and contradicts the state of its time, then counts until the next change of state.
        """
        return self.store.delete_repeating_marks(microseconds(self.clock() - keep))

    # Answers

    def states(self) -> dict[str, StateNow]:
        """The state of every machine that ever told one."""
        found = self.store.runs_at(microseconds(self.clock() + AHEAD))
        return {work_unit: StateNow(run.state, moment(run.start)) for work_unit, run in found.items()}

    def timeline(self, work_unit: str, start: datetime, end: datetime) -> list[Stretch]:
        """The states of a machine from `start` to `end`, or to now if that is earlier, without gaps."""
        first, last = self._range(start, end)
        return stretches([run for _, run in self.store.runs_within(first, last, work_unit)], first, last)

    def stops(self, start: datetime, end: datetime, work_unit: str | None = None) -> list[StopPeriod]:
        """The stops of one machine, or of all, that have a part in a range of time."""
        found = self.store.stops_within(microseconds(start), microseconds(end), work_unit)
        return [
            StopPeriod(unit, moment(stop.began), None if stop.ended is None else moment(stop.ended)) for unit, stop in found
        ]

    def times(self, start: datetime, end: datetime, *, tags: Iterable[Tag] = ()) -> dict[str, UnitTimes]:
        """How long each machine was in which state, up to now at most, and the energy it used by its counters among `tags`."""
        first, last = self._range(start, end)
        energy = self._energy(tags, first, last)
        found = {
            unit: [run for _, run in group] for unit, group in groupby(self.store.runs_within(first, last), itemgetter(0))
        }
        return {
            unit: UnitTimes(
                moment(first), moment(last), seconds_per_state(stretches(found.get(unit, []), first, last)), energy.get(unit)
            )
            for unit in sorted(found.keys() | energy.keys())
        }

    def _energy(self, tags: Iterable[Tag], first: int, last: int) -> dict[str, float]:
        assets = {tag.number: tag.asset for tag in tags if tag.meaning is Meaning.ENERGY}
        used: dict[str, float] = {}
        if self.increase is not None and assets and first < last:
            for number, amount in self.increase(list(assets), first, last).items():
                used[assets[number]] = used.get(assets[number], 0.0) + amount
        return used

    def _range(self, start: datetime, end: datetime) -> tuple[int, int]:
        first, last = microseconds(start), microseconds(min(end, self.clock()))
        return first, max(first, last)
