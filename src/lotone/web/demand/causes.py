"""What made dates late, by the things of the plant: the machine and its work center, the part and its supplier."""

from dataclasses import dataclass

from lotone.configure import Cause, LostBy
from lotone.kernel import Words
from lotone.wiring import Work

KINDS = {
    "machine": Words("busy", "忙碌"),
    "calendar": Words("closed", "停工"),
    "repair": Words("in repair", "维修"),
    "material": Words("part to arrive", "待到货"),
    "operation": Words("the work itself", "加工本身"),
}
ICONS = {"machine": "factory", "calendar": "calendar-clock", "repair": "wrench", "material": "truck", "operation": "hammer"}


@dataclass(frozen=True)
class Blamed:
    """A cause of lost orders, as the plant knows it."""

    lost: LostBy
    kind: Words
    icon: str
    words: Words
    href: str = ""
    work_center: Words | None = None
    plan_href: str = ""

    @property
    def cause(self) -> Cause:
        return self.lost.cause


class Plant:
    """Finds the machine or part that a cause names. Causes are counted by name: a renamed thing is no longer found."""

    def __init__(self, work: Work) -> None:
        equipment = {one.id: one for one in work.assets.equipment()}
        self._machines = {one.words.en: one for one in work.assets.work_units()}
        self._centers = {one.id: equipment.get(one.parent or "") for one in self._machines.values()}
        self._parts = {part.words.en: part.id for part in work.assets.parts().values()}

    def blamed(self, lost: LostBy) -> Blamed:
        cause = lost.cause
        kind, icon = KINDS.get(cause.kind, Words(cause.kind)), ICONS.get(cause.kind, "clock")
        if cause.kind == "material":
            part = self._parts.get(cause.subject.en)
            return Blamed(lost, kind, icon, cause.subject, f"/material#part-{part}" if part else "/material")
        machine = self._machines.get(cause.subject.en)
        if machine is None:
            return Blamed(lost, kind, icon, cause.subject if cause.subject.en else kind)
        center = self._centers.get(machine.id)
        plan_href = f"/plan/load#load-{center.id}" if center else "/plan/load"
        return Blamed(lost, kind, icon, cause.subject, f"/plant/{machine.id}", center.words if center else None, plan_href)
