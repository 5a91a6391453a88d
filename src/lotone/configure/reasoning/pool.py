"""Models found earlier, as bit rows: what they prove possible needs no further search."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Marks = NDArray[np.bool_]
Words = NDArray[np.uint64]

WORD = 64


class Pool:
    """Up to `size` models of some clauses; each variable has one bit for each model.

    Besides its own values, a model proves the opposite of every variable that may be flipped in it alone: one that is
    not the only true literal of any clause (model rotation, Belov and Marques-Silva 2011). The first half of the models
    stays, of the second half the oldest gives way.
    """

    def __init__(self, clauses: Sequence[Sequence[int]], variables: int, size: int = 1024) -> None:
        self.variables = variables
        self.size = size
        words = -(-size // WORD)
        self._true = np.zeros((variables + 1, words), dtype=np.uint64)
        self._flips = np.zeros((variables + 1, words), dtype=np.uint64)
        self._used = np.zeros(words, dtype=np.uint64)
        self._next = 0
        self._newest = np.zeros(variables + 1, dtype=np.bool_), np.zeros(variables + 1, dtype=np.bool_)
        self._literals, self._starts, self._lengths = _flat(clauses)
        self._of = np.abs(self._literals)

    def add(self, true: Marks) -> None:
        """Keep a model, given as the truth of each variable at its own index."""
        word, bit = divmod(self._next, WORD)
        self._next = self._next + 1 if self._next + 1 < self.size else self.size // 2
        one = np.uint64(1) << np.uint64(bit)
        self._newest = true, self._flippable(true)
        for rows, marks in zip((self._true, self._flips), self._newest, strict=True):
            rows[:, word] &= ~one
            rows[marks, word] |= one
        self._used[word] |= one

    def _flippable(self, true: Marks) -> Marks:
        flippable = np.ones(self.variables + 1, dtype=np.bool_)
        if len(self._starts):
            holds = true[self._of] == (self._literals > 0)
            alone = np.add.reduceat(holds, self._starts, dtype=np.int32) == 1
            flippable[self._of[holds & np.repeat(alone, self._lengths)]] = False
        return flippable

    def fitting(self, assumptions: Sequence[int]) -> Words:
        """The models in which the assumptions hold, one bit each."""
        found = self._used.copy()
        for literal in assumptions:
            row = self._true[abs(literal)]
            found &= row if literal > 0 else ~row
        return found

    def proven(self, assumptions: Sequence[int]) -> tuple[Marks, Marks]:
        """Which variables can be in, and which can be out under the assumptions, as far as these models prove it."""
        fitting = self.fitting(assumptions)
        words = np.flatnonzero(fitting)
        true, flips, fitting = self._true[:, words], self._flips[:, words], fitting[words]
        either = np.asarray((flips & fitting).any(axis=1))
        for literal in assumptions:
            either[abs(literal)] = False
        can_be_in: Marks = np.logical_or((true & fitting).any(axis=1), either)
        can_be_out: Marks = np.logical_or((~true & fitting).any(axis=1), either)
        can_be_in[0] = can_be_out[0] = False
        return can_be_in, can_be_out

    def proven_by_newest(self, assumptions: Sequence[int]) -> tuple[Marks, Marks]:
        """What the model that came last proves; the assumptions must hold in it."""
        true, flips = self._newest
        either = flips.copy()
        for literal in assumptions:
            either[abs(literal)] = False
        return true | either, ~true | either

    def example(self, assumptions: Sequence[int]) -> Marks | None:
        """One of the models in which the assumptions hold, or None."""
        fitting = self.fitting(assumptions)
        words = np.flatnonzero(fitting)
        if not len(words):
            return None
        lowest = fitting[words[0]] & (~fitting[words[0]] + np.uint64(1))
        found: Marks = (self._true[:, words[0]] & lowest) != 0
        return found


def _flat(clauses: Sequence[Sequence[int]]) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    clauses = [clause if len(set(clause)) == len(clause) else tuple(set(clause)) for clause in clauses]
    lengths = np.fromiter(map(len, clauses), dtype=np.int64, count=len(clauses))
    literals = np.fromiter(chain.from_iterable(clauses), dtype=np.int32, count=int(lengths.sum()))
    return literals, np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64) if len(lengths) else lengths, lengths
