"""What happens, told: one line per fact that somebody watching the demonstration would want to know."""

from datetime import datetime
from zoneinfo import ZoneInfo

from lotone import insight, make, market, orders, plan
from lotone.kernel import Fact


class Teller:
    """Facts as sentences, with times in the plant's zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def time(self, moment: datetime) -> str:
        return moment.astimezone(self.zone).strftime("%a %H:%M")

    def line(self, fact: Fact) -> str:
        """The sentence for a fact; empty for facts that are too small to be told."""
        match fact:
            case orders.OrderPlaced():
                return f"order {fact.number} placed, promised for {self.time(fact.promised)}"
            case orders.OrderCancelled():
                return f"order {fact.number} cancelled"
            case orders.PromiseTold():
                return (
                    f"order {fact.number}: {self.time(fact.before)} becomes {self.time(fact.after)}, because {fact.reason_en}"
                )
            case orders.OrderDelivered():
                return f"order {fact.number} handed over, promise {'kept' if fact.kept else 'broken'}"
            case make.UnitsCreated():
                return f"unit {', '.join(fact.serials)} planned"
            case make.OperationStarted():
                return f"{fact.work_unit} begins {fact.step} of {fact.unit}"
            case make.OperationDone():
                return f"{fact.work_unit} finished {fact.step} of {fact.unit} in {fact.minutes:.0f} min"
            case make.OperationFailed():
                return f"{fact.work_unit} failed at {fact.step} of {fact.unit}: {fact.reason_en}"
            case make.PartsShort():
                return f"{fact.part} is short for {fact.unit}: {fact.on_hand:g} of {fact.wanted:g}"
            case make.UnitCompleted():
                return f"unit {fact.unit} is complete, its passport is open"
            case _:
                return self._around(fact)

    def _around(self, fact: Fact) -> str:
        match fact:
            case insight.MachineStopped():
                return f"{fact.work_unit} STOPPED at {self.time(fact.at)}: {fact.reason}"
            case insight.MachineRecovered():
                return f"{fact.work_unit} works again after {fact.minutes:.0f} min"
            case market.PurchasePlaced():
                return f"bought {fact.quantity:g} x {fact.part} from {fact.supplier}"
            case market.PurchaseArrived():
                return f"{fact.quantity:g} x {fact.part} arrived from {fact.supplier}"
            case plan.ScheduleChanged(cause="improved"):
                return f"schedule improved, {fact.moved} operations moved"
            case plan.ScheduleChanged(cause="repaired"):
                return f"promises repaired, {fact.moved} operations moved"
            case plan.ScheduleChanged(cause="machine_down"):
                return f"schedule adapted, {fact.moved} operations moved"
            case _:
                return ""
