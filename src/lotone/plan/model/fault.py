"""What can be wrong with a demand, a hold or a plant, each with the values involved."""

from lotone.kernel import Conflict, Invalid, NotFound


class WrongCalendar(Invalid):
    """A calendar's hours, days or time zone can't be understood."""


class WrongResource(Invalid):
    """A machine, operator, tool, setup matrix or way between work centers has values that can't be."""


class WrongDemand(Invalid):
    """A routing names a step twice, follows a step that is not there, or goes in a circle."""


class NoMachine(Invalid):
    """No work unit of the plant can do an operation."""


class DoesNotFit(Invalid):
    """An operation is longer than any open window of the machines that could do it: it is not interrupted."""


class NoSupply(Invalid):
    """A part is not in stock, not on its way, and nobody says how long it takes to get it."""

    def __init__(self, part: str) -> None:
        super().__init__(f"part {part} is not in stock and no supplier offers it; receive it or add an offer", where=part)
        self.part = part


class NoCapacity(Conflict):
    """Nothing is free as far as the plan looks ahead."""


class UnknownHold(NotFound):
    """There is no such hold, or it was released."""


class UnknownBooking(NotFound):
    """There is no booking with this id."""


class UnknownOrder(NotFound):
    """Nothing is planned for this order."""


class UnknownWorkUnit(NotFound):
    """The plan knows no machine with this id."""


class HoldTaken(Conflict):
    """The hold belongs to another order already."""


class WorkUnitInUse(Conflict):
    """A machine that has work booked can't be taken out of the plan."""


class PlanBusy(Conflict):
    """Others changed the plan again and again in the same moment; trying again helps."""
