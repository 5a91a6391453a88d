"""What stands on one machine, operator or tool that does more than one thing at a time, or needs setups between things.

A plain one, which does one thing after the other, needs no more than its busy stretches: see `busy.py`.
"""

from bisect import bisect_left
from collections.abc import Hashable, Iterable
from datetime import datetime, timedelta
from functools import cached_property
from math import ceil
from typing import NamedTuple

from lotone.plan.model.booking import Booking, Resource, SetupMatrix
from lotone.plan.model.busy import Busy, first_fit
from lotone.plan.model.calendar import OpenHours
from lotone.plan.model.demand import OperationNeed

NO_SETUPS = SetupMatrix("")
SMALL = 1e-9
"""Sizes are decimal fractions kept as floats."""


class Work(NamedTuple):
    """A booking with what it asks of its machine."""

    booking: Booking
    need: OperationNeed


class Shared:
    """A resource with a capacity above one, whose works run side by side without heeding each other.

    `once` names what counts only once however often it stands here: a batch takes its operator once.
    """

    def __init__(self, capacity: float) -> None:
        self.capacity = capacity
        self.loads: dict[Hashable, tuple[datetime, datetime, float, int]] = {}
        self._busy: dict[float, Busy] = {}

    def copy(self) -> "Shared":
        twin = Shared(self.capacity)
        twin.loads = self.loads.copy()
        return twin

    def put(self, once: Hashable, start: datetime, end: datetime, size: float) -> None:
        known = self.loads.get(once)
        self.loads[once] = start, end, size, 1 if known is None else known[3] + 1
        self._busy.clear()

    def take(self, once: Hashable) -> None:
        start, end, size, times = self.loads.pop(once)
        if times > 1:
            self.loads[once] = start, end, size, times - 1
        self._busy.clear()

    def busy(self, size: float) -> Busy:
        """The stretches in which there is no room for something of a size. Not to be changed."""
        known = self._busy.get(size)
        if known is None:
            known = self._busy[size] = Busy(self._full(self.capacity - size + SMALL))
        return known

    def _full(self, room: float) -> Iterable[tuple[datetime, datetime]]:
        steps = [(start, load) for start, _, load, _ in self.loads.values()]
        steps += [(end, -load) for _, end, load, _ in self.loads.values()]
        total, since = 0.0, None
        for at, change in sorted(steps):
            total += change
            if since is None and total > room:
                since = at
            elif since is not None and total <= room:
                yield since, at
                since = None


class Block(NamedTuple):
    """A piece of work on a machine that does one at a time: an operation, or a batch of them."""

    start: datetime
    end: datetime
    setup: str
    batch: str
    also: tuple[str, ...]
    crew: tuple[str, ...]
    load: float
    is_open: bool
    """More may still join: nothing of it was sent to the machine."""
    members: int = 1

    def takes_in(self, other: "Block") -> bool:
        """Whether both are one batch."""
        return bool(self.batch) and self[:5] == other[:5]

    def with_one(self, other: "Block") -> "Block":
        return self._replace(
            load=self.load + other.load, is_open=self.is_open and other.is_open, members=self.members + other.members
        )


def block_of(work: Work) -> Block:
    booking, need = work
    return Block(
        booking.start, booking.end, need.setup, need.batch, need.also, booking.crew, need.size, booking.state.is_movable
    )


class Sequence:
    """What a batch machine, or a machine with setups, does one after the other."""

    def __init__(self, resource: Resource, matrix: SetupMatrix, works: Iterable[Work] = ()) -> None:
        self.resource = resource
        self.matrix = matrix
        self.blocks: list[Block] = []
        for work in works:
            self.put(work)

    def copy(self) -> "Sequence":
        twin = Sequence(self.resource, self.matrix)
        twin.blocks = self.blocks.copy()
        return twin

    def put(self, work: Work) -> None:
        block = block_of(work)
        index = self._index_of(block)
        if index is None:
            self.blocks.insert(bisect_left(self.blocks, block), block)
        else:
            self.blocks[index] = self.blocks[index].with_one(block)
        self._forget()

    def take(self, work: Work) -> None:
        block = block_of(work)
        index = self._index_of(block)
        if index is None:
            index = bisect_left(self.blocks, block)
        known = self.blocks[index]
        if known.members > 1:
            self.blocks[index] = known._replace(load=known.load - block.load, members=known.members - 1)
        else:
            del self.blocks[index]
        self._forget()

    def batch_of(self, work: Work) -> Block | None:
        """The batch that stands exactly where a booking would, and is of its kind."""
        index = self._index_of(block_of(work))
        return None if index is None else self.blocks[index]

    def _index_of(self, block: Block) -> int | None:
        """Where the batch stands that a block is part of."""
        if not (self.resource.batch and block.batch):
            return None
        for index in range(bisect_left(self.blocks, block[:1]), len(self.blocks)):
            if self.blocks[index].start > block.start:
                return None
            if self.blocks[index].takes_in(block):
                return index
        return None

    def _forget(self) -> None:
        self.__dict__.pop("states", None)
        self.__dict__.pop("free_from", None)

    @cached_property
    def states(self) -> list[str]:
        """What the machine is set up for before each block, and at the end."""
        states = [self.resource.state]
        for block in self.blocks:
            states.append(block.setup or states[-1])
        return states

    @cached_property
    def free_from(self) -> list[datetime | None]:
        """When everything before each block has ended, and when everything has."""
        ends: list[datetime | None] = [None]
        for block in self.blocks:
            last = ends[-1]
            ends.append(block.end if last is None or block.end > last else last)
        return ends

    def to_join(self, need: OperationNeed, earliest: datetime, duration: timedelta) -> Block | None:
        """The first batch with room for an operation."""
        if not need.batch or not self.resource.batch:
            return None
        room = self.resource.capacity - need.size + SMALL
        for index in range(bisect_left(self.blocks, (earliest,)), len(self.blocks)):
            block = self.blocks[index]
            same = block.batch == need.batch and block.setup == need.setup and block.also == need.also
            if same and block.is_open and block.load <= room and block.end - block.start == duration:
                return block
        return None

    def first(
        self, need: OperationNeed, earliest: datetime, duration: timedelta, now: datetime, hours: OpenHours, blocked: Busy
    ) -> datetime | None:
        """The first moment from `earliest` at which an operation fits between the blocks with the setup before it, and the
        block after it still has time for its own. No setup begins before `now`."""
        blocks = self.blocks
        for index in range(bisect_left(blocks, earliest + duration, key=_start), len(blocks) + 1):
            free_from = self.free_from[index]
            limit = blocks[index].start if index < len(blocks) else None
            if limit is not None and free_from is not None and free_from + duration > limit:
                continue
            setup = self._setup(self.states[index], need.setup)
            begin = max(earliest - setup, now if free_from is None else max(free_from, now))
            begun = first_fit(hours, (blocked,), begin, setup + duration)
            if begun is None:
                return None
            end = begun + setup + duration
            if limit is None or (end <= limit and self._leaves_time(index, need.setup, end, hours, blocked)):
                return begun + setup
        return None

    def _setup(self, before: str, after: str) -> timedelta:
        return timedelta(seconds=ceil(self.matrix.minutes_between(before, after) * 60))

    def _leaves_time(self, index: int, state: str, end: datetime, hours: OpenHours, blocked: Busy) -> bool:
        """Whether what follows can still be set up for when the gap before `index` ends at `end` in another state.

        What needs no setup leaves the machine as it is, so the first that needs one is asked.
        """
        state = state or self.states[index]
        for place in range(index, len(self.blocks)):
            block = self.blocks[place]
            if block.setup:
                setup = self._setup(state, block.setup)
                begin = block.start - setup
                if begin < end:
                    return False
                return not setup or first_fit(hours, (blocked,), begin, block.end - begin) == begin
            end = max(end, block.end)
        return True


def _start(block: Block) -> datetime:
    return block.start
