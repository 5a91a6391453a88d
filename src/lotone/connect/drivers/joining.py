"""Values that go out together: neighbours in one write, the last value given at the end of the last one."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar


class _Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...


Place = TypeVar("Place", bound=_Ordered)
Data = TypeVar("Data", bound=Sequence[int])
"""Bytes or registers."""


def joined(
    pieces: Sequence[tuple[Place, Data]],
    *,
    continues: Callable[[tuple[Place, Data], Place, int], bool],
    join: Callable[[Data, Data], Data],
) -> list[tuple[Place, Data]]:
    """First place and contents of each write, by ascending place but for the last value: what asks for the work comes when
    all that belongs to it is there.

    `continues` says whether so much data for a place may come behind a write, `join` makes one of two.
    """
    *before, last = pieces
    writes: list[tuple[Place, Data]] = []
    for place, data in sorted(before, key=lambda piece: piece[0]):
        if writes and continues(writes[-1], place, len(data)):
            first, so_far = writes.pop()
            writes.append((first, join(so_far, data)))
        else:
            writes.append((place, data))
    place, data = last
    behind = next((write for write in writes if continues(write, place, len(data))), None)
    if behind is not None:
        writes.remove(behind)
        place, data = behind[0], join(behind[1], data)
    writes.append((place, data))
    return writes
