"""Mappings that are never changed, of which a changed copy is cheap however large they are."""

from collections.abc import Hashable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from enum import Enum
from math import isqrt
from typing import Any, Generic, Literal, TypeVar, cast

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _Gone(Enum):
    GONE = 0


GONE = _Gone.GONE
LEAST = 32


class Layered(Mapping[Key, Value], Generic[Key, Value]):
    """A ground that is shared by many versions, and what this version changes of it.

    A version copies the changes of the one before; when they become more than twice the square root of the ground, they
    are laid into a new one. So n entries changed one by one cost about the square root of n each, and versions that lie
    near each other are compared by their changes alone.
    """

    __slots__ = ("_changes", "_ground", "_length")

    def __init__(self, items: Mapping[Key, Value] | Iterable[tuple[Key, Value]] = ()) -> None:
        self._ground: dict[Key, Value] = dict(items)
        self._changes: dict[Key, Value | Literal[_Gone.GONE]] = {}
        self._length = len(self._ground)

    def __getitem__(self, key: Key) -> Value:
        found = self._changes.get(key)
        if found is None:
            return self._ground[key]
        if found is GONE:
            raise KeyError(key)
        return found

    def get(self, key: Any, default: Any = None) -> Any:
        found = self._changes.get(key)
        if found is None:
            return self._ground.get(key, default)
        return default if found is GONE else found

    def __contains__(self, key: object) -> bool:
        found = self._changes.get(cast(Key, key))
        return key in self._ground if found is None else found is not GONE

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Key]:
        return (key for key, _ in self._pairs())

    def values(self) -> ValuesView[Value]:
        return _Values(self)

    def items(self) -> ItemsView[Key, Value]:
        return _Items(self)

    def _pairs(self) -> Iterator[tuple[Key, Value]]:
        """In the order in which the keys came; a changed value stays at its place."""
        changes = self._changes
        if not changes:
            yield from self._ground.items()
            return
        for key, value in self._ground.items():
            found = changes.get(key)
            if found is None:
                yield key, value
            elif found is not GONE:
                yield key, found
        for key, found in changes.items():
            if found is not GONE and key not in self._ground:
                yield key, found

    def with_changes(self, put: Mapping[Key, Value], gone: Iterable[Key] = ()) -> "Layered[Key, Value]":
        """A copy with entries added or replaced, and others taken out."""
        twin: Layered[Key, Value] = Layered()
        self._lay(twin, put, gone)
        return twin

    def _lay(self, twin: "Layered[Key, Value]", put: Mapping[Key, Value], gone: Iterable[Key]) -> None:
        """Make an empty twin this mapping with changes."""
        out = [key for key in dict.fromkeys(gone) if key in self and key not in put]
        twin._length = self._length - len(out) + sum(key not in self for key in put)
        twin._ground = self._ground
        twin._changes = {**self._changes, **put}
        for key in out:
            twin._changes[key] = GONE
            if key not in self._ground:
                del twin._changes[key]
        if len(twin._changes) > max(LEAST, 2 * isqrt(len(self._ground))):
            twin._ground, twin._changes = dict(twin._pairs()), {}

    def differences(self, before: "Layered[Key, Value]") -> Iterator[tuple[Key, Value | None, Value | None]]:
        """Every key whose value is another object than in `before`, with both; None where there is none."""
        keys: Iterable[Key]
        if self._ground is before._ground:
            keys = dict.fromkeys([*before._changes, *self._changes])
        else:
            keys = dict.fromkeys([*before, *self])
        for key in keys:
            old, new = before.get(key), self.get(key)
            if old is not new:
                yield key, old, new


class _Values(ValuesView[Value]):
    _mapping: Layered[Any, Value]

    def __iter__(self) -> Iterator[Value]:
        return (value for _, value in self._mapping._pairs())


class _Items(ItemsView[Key, Value]):
    _mapping: Layered[Key, Value]

    def __iter__(self) -> Iterator[tuple[Key, Value]]:
        return self._mapping._pairs()
