"""What samples mean: since when a machine is in which state, when it stopped and recovered, times per state, availability.

`InsightService.observe` takes samples in any order and any number of times and keeps, for each machine, the same timeline;
stops and recoveries are told as facts, each once. States are those of `assets.MachineState`; a machine that nothing is heard
of is in none (unknown).
"""

from lotone.insight.facts import MachineRecovered, MachineStopped
from lotone.insight.model import StateNow, StopPeriod, Stretch, UnitTimes, together
from lotone.insight.service import InsightService
from lotone.insight.store import Store

__all__ = [
    "InsightService",
    "MachineRecovered",
    "MachineStopped",
    "StateNow",
    "StopPeriod",
    "Store",
    "Stretch",
    "UnitTimes",
    "together",
]
