"""The use cases of the plan."""

from lotone.plan.service.hand import HandMoves
from lotone.plan.service.improvements import Improvements
from lotone.plan.service.learning import Learning
from lotone.plan.service.levers import LeversOf
from lotone.plan.service.offers import Offers
from lotone.plan.service.reactions import Reactions
from lotone.plan.service.setup import Setup
from lotone.plan.service.views import Views


class PlanService(Offers, Reactions, Improvements, HandMoves, Learning, Setup, LeversOf, Views):
    """The plan of one organization, in one transaction: `PlanService(store, plant_clock, wall_clock, tell, material)`.

    `material()` gives the plant's `Supply`; `settings` (PlanSettings) say how promises are made. Times in the plant are
    by the plant clock, holds run out by the wall clock.
    """
