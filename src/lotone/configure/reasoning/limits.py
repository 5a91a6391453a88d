"""How much time and memory an answer may take, and what is said when it is not enough."""

from dataclasses import dataclass

from lotone.kernel.errors import Unavailable


@dataclass(frozen=True)
class Limits:
    """What making one thing may use: one compilation, or one search for one answer."""

    seconds: float = 30.0
    megabytes: int = 1536


class TooHard(Unavailable):
    """No answer within the limits. The message names the model or the question, and the limit."""


class NoCompiler(Unavailable):
    """This platform has no compiler for circuits; a search answers instead."""
