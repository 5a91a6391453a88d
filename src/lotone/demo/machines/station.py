"""A machine with its journal and its clock: what it says is on disk before anybody hears it."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lotone.demo.machines.core import Frame, Machine, Memory, Refused
from lotone.demo.machines.journal import Journal
from lotone.demo.machines.model import MachineSpec, Value
from lotone.demo.machines.recording import Recorder

log = logging.getLogger("lotone.machine")
WallSeconds = Callable[[], float]
LATE_S = 60
"""Plant seconds by which the clock may lag behind the journal without a word."""
HUSH = "hush"
"""While there is a file of this name in the folder of the journals, all machines are quiet."""


@dataclass(frozen=True, slots=True)
class Said:
    """A frame with its number in the journal."""

    number: int
    frame: Frame


class Station:
    """What every protocol drives: `tick` four times a second, `write` when somebody writes. Used by one thread.

    A machine whose process was killed goes on with its job when it is started again: the process is only its controller,
    and the time in between counts as worked.
    """

    def __init__(self, spec: MachineSpec, *, wall: WallSeconds = time.time, always: frozenset[str] = frozenset()) -> None:
        self.spec = spec
        self.wall = wall
        self.is_ending = False
        self.journal = Journal(spec.journal_path)
        kept = self.journal.memory()
        memory = Memory(reached=self.now()) if kept is None else Memory.from_json(kept)
        recorder = Recorder(spec.recording, spec.tags, start=spec.clock.plant_anchor) if spec.recording else None
        self.machine = Machine(spec, memory, recorded=recorder.at if recorder else None)
        self.machine.always = always
        if memory.reached > self.now() + LATE_S * 1_000_000:
            late = (memory.reached - self.now()) / 1e6
            log.warning(
                "%s has already said what the plant clock reaches only in %.0f s; until then it is silent", spec.machine, late
            )

    @property
    def is_quiet(self) -> bool:
        """A quiet machine says nothing new and takes no writes; what it has said can still be fetched."""
        return self.is_ending or (Path(self.spec.folder) / HUSH).exists()

    def now(self) -> int:
        return self.spec.clock.at(self.wall())

    def tick(self, notes: Mapping[str, str] | None = None) -> list[Said]:
        """What was said since the last tick; `notes` are kept in the same transaction."""
        frames = [] if self.is_quiet else self.machine.advance(self.now())
        return self._keep(frames, notes)

    def write(self, values: Mapping[str, Value]) -> list[Said]:
        """Raises Refused."""
        if self.is_quiet:
            raise Refused(dict.fromkeys(values, ("quiet", "the machine is being switched off")))
        return self._keep(self.machine.write(values, self.now()), None)

    def latest(self) -> dict[str, tuple[int, Value]]:
        """What each tag said last: (source time, value)."""
        return {name: told for name, told in self.machine.memory.said.items() if name in self.machine.tags}

    def end(self) -> None:
        """Say nothing more."""
        self.is_ending = True

    def close(self) -> None:
        self.journal.close()

    def _keep(self, frames: list[Frame], notes: Mapping[str, str] | None) -> list[Said]:
        if not frames and not notes:
            return []
        numbers = self.journal.append(frames, self.machine.memory.as_json(), notes)
        return [Said(number, frame) for number, frame in zip(numbers, frames, strict=True)]


def hush(folder: Path, *, on: bool = True) -> None:
    """Make the machines of a folder quiet, restarted ones too, or let them speak again: to count what they have published."""
    if on:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / HUSH).touch()
    else:
        (folder / HUSH).unlink(missing_ok=True)
