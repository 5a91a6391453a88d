"""Learning: what comes from outside the plan's own reactions, and looking at what was learned and kept."""

from dataclasses import dataclass
from datetime import datetime

from lotone.plan.model.kept import KeptRate, ToldPromise, broken_by, kept_rates
from lotone.plan.model.learned import Arrived, Learned
from lotone.plan.service.desk import Desk


@dataclass(frozen=True)
class Kept:
    """How promises came out: the first ones of the orders that were completed last, the newest last."""

    promises: tuple[ToldPromise, ...]
    waiting: int
    """Promises whose orders are not complete yet."""
    rates: tuple[KeptRate, ...]
    broken_by: tuple[tuple[str, int], ...]
    """Causes of the told hand-overs that were not kept, the most frequent first."""


class Learning(Desk):
    """What operations, machines, suppliers and past promises teach. Operations, stops and scrap are learned from the changes
    of the plan themselves."""

    def purchase_arrived(self, purchase: str, supplier: str, part: str, due_at: datetime, arrived_at: datetime) -> None:
        """A purchase that was due at a time came; `supplier` by its English name, as in the plan's material. A second time it
        changes nothing."""
        if self.notebook.store.add_arrival(purchase, Arrived(supplier, part, due_at, arrived_at)):
            self.notebook.forget_read()

    def learned(self) -> Learned:
        """What is believed of operations, machines and suppliers, from how many data; as of now."""
        return Learned(self.notebook.store.recorded(), self.settings.spread)

    def kept(self, limit: int = 1000) -> Kept:
        """How many of the last promises were kept, per band."""
        promises = self.notebook.store.completed(limit)
        rates = kept_rates(promises, self.settings.probability)
        waiting = self.notebook.store.waiting()
        return Kept(tuple(promises), waiting, tuple(rates), tuple(broken_by(promises)))
