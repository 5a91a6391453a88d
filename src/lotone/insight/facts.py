"""What becomes true of machines."""

from dataclasses import dataclass
from datetime import datetime

from lotone.kernel import Fact


@dataclass(frozen=True)
class MachineStopped(Fact):
    """A machine went down. `work_unit` and `at` (plant time, the machine's own) identify the stop; it is told once.

    `expected_minutes` is how long it will probably last, counted from `at`. It is told again, as `corrected`, when late
    data say that it isn't over after all, or when something of an earlier stop had to be told while this one lasts.
    """

    work_unit: str
    at: datetime
    state: str
    reason: str
    expected_minutes: float
    corrected: bool = False


@dataclass(frozen=True)
class MachineRecovered(Fact):
    """A machine that was down works, or could work, again since `at`; `stopped_at` says which stop is over.

    `corrected`: another end of this stop was told before. `withdrawn`: there was no stop at all, late data say; then `at` is
    when it was said to have begun.
    """

    work_unit: str
    at: datetime
    stopped_at: datetime
    minutes: float
    corrected: bool = False
    withdrawn: bool = False
