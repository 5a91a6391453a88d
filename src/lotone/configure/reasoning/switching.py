"""Options that are impossible only because of the choice beside them in an alternative."""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lotone.configure.model.features import GroupKind, Model

Places = NDArray[np.int64]
Marks = NDArray[np.bool_]


class Branches:
    """Where the branches of a model's alternatives begin and end, in the order of the model."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @cached_property
    def _ends(self) -> dict[str, int]:
        """The place after the last feature below each one."""
        place = {name: number for number, name in enumerate(self.model.features)}
        ends: dict[str, int] = {}
        for feature in reversed(self.model.features.values()):
            last = max((ends[member.name] for group in feature.groups for member in group.members), default=0)
            ends[feature.name] = max(last, place[feature.name] + 1)
        return ends

    @cached_property
    def _place(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.model.features)}

    def rivals(self, name: str) -> set[str]:
        """The features that exclude this one because they stand in another branch of an alternative."""
        found: set[str] = set()
        for own in (name, *self.model.above(name)):
            group = self.model.group_of.get(own)
            if group is not None and group.kind is GroupKind.ALTERNATIVE:
                found.update(below.name for member in group.members if member.name != own for below in member)
        return found

    def _chosen(self, choices: Sequence[str]) -> set[str]:
        """The members of alternatives in whose branches the choices are."""
        above = {own for choice in choices for own in (choice, *self.model.above(choice))}
        groups = self.model.group_of
        return {own for own in above if own in groups and groups[own].kind is GroupKind.ALTERNATIVE}

    def switchable(self, choices: Sequence[str], never: Marks, can_be_in: Callable[[Sequence[str]], Marks | None]) -> Places:
        """Places of those of `never` that are possible without the choices in other branches of their alternatives.

        `can_be_in` says what is possible with fewer choices. It is asked once for each different set of choices that
        would go, of which there are at most as many as features in the choices' alternatives make differ.
        """
        labels = np.zeros(len(never), dtype=np.int64)
        for own in sorted(self._chosen(choices), key=self._place.__getitem__):
            beside = self._beside(own) & never
            if beside.any():
                labels = np.unique(labels * 2 + beside, return_inverse=True)[1]
        found = np.zeros(len(never), dtype=np.bool_)
        for label in np.unique(labels[never]).tolist():
            group = never & (labels == label)
            rivals = self.rivals(self._names[int(np.flatnonzero(group)[0])])
            kept = [choice for choice in choices if choice not in rivals]
            possible = can_be_in(kept) if len(kept) < len(choices) else None
            if possible is not None:
                found |= group & possible
        return np.flatnonzero(found)

    def _beside(self, own: str) -> Marks:
        """What stands in the other branches of the alternative of a member."""
        group = self.model.group_of[own]
        beside = np.zeros(len(self._place), dtype=np.bool_)
        for member in group.members:
            beside[self._place[member.name] : self._ends[member.name]] = member.name != own
        return beside

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self.model.features)
