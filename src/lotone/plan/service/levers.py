"""What would move a date: asked on copies of the plan, nothing is written."""

from lotone.plan.model.demand import Demand
from lotone.plan.model.levers import Levers, levers_of_demand, levers_of_order
from lotone.plan.model.snapshot import Snapshot
from lotone.plan.service.views import Views


class LeversOf(Views):
    """Everything here only reads."""

    def levers(self, wanted: Demand | str) -> Levers:
        """What would make the date of a demand, or of an order by its id, earlier: overtime where it binds, another
        supplier, going first; each with the date it leads to, its cost where that is known, and whom it would delay.

        Raises UnknownOrder, for a demand what `promise` raises. An order that is finished has no levers.
        """
        snapshot: Snapshot = self.snapshot()
        if isinstance(wanted, Demand):
            return levers_of_demand(snapshot, wanted)
        commitment = self._commitment_of(wanted)
        current = snapshot.commitments.get(commitment.id)
        if current is None or not any(each.state.takes_time for each in current.bookings):
            return Levers(commitment.told, ())
        return levers_of_order(snapshot, current)
