"""What every page of the plan looks at."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from lotone.kernel import newest_number
from lotone.plan import Snapshot
from lotone.web.page import reader_of
from lotone.web.plan.names import Names
from lotone.web.plan.picture import STATE_WORDS
from lotone.web.plan.plant_time import PlantTime
from lotone.web.plan.promises import STANDING_WORDS, Standing
from lotone.web.reader import Reader
from lotone.wiring import Work


@dataclass(frozen=True)
class Desk:
    """The plan as it stands, in its reader's words and the plant's time."""

    work: Work
    reader: Reader
    snapshot: Snapshot
    names: Names
    plant: PlantTime

    @classmethod
    def of(cls, request: Request, work: Work) -> "Desk":
        reader, snapshot = reader_of(request), work.plan.snapshot()
        plant = PlantTime(reader, snapshot.settings.time_zone)
        return cls(work, reader, snapshot, Names(work, reader, snapshot), plant)

    @property
    def values(self) -> dict[str, Any]:
        """What every template here sees."""
        return {
            "names": self.names,
            "plant": self.plant,
            "now": self.snapshot.now,
            "version": self.snapshot.version,
            "newest": newest_number(self.work.connection),
            "standings": STANDING_WORDS,
            "states": STATE_WORDS,
            "Standing": Standing,
        }
