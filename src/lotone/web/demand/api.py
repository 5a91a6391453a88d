"""Demand for programs: counts of a product, the settings, forgetting; and how a shop's program tells what was looked at."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from lotone.configure import KEEP_DAYS_MAX, SMALLEST_MAX, InterestSettings, configurator_of
from lotone.identity import Actor
from lotone.web import watching
from lotone.web.access import needs, platform_of
from lotone.web.demand.asked import LATE_MAX, asked_of, interest_of, usual_late
from lotone.web.shop.choosing import CHOICES_MAX

router = APIRouter(prefix="/api/v1", tags=["demand"])


class Looked(BaseModel):
    """What one shopper looked at since the last time, and whether she leaves."""

    options: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=CHOICES_MAX)
    left: bool = Field(False, description="The shopper leaves: her visit is over. Without it, it is over after half an hour.")


class Settings(BaseModel):
    keep_days: int = Field(ge=1, le=KEEP_DAYS_MAX, description="Counts are deleted after so many days.")
    smallest: int = Field(ge=2, le=SMALLEST_MAX, description="Combinations that fewer visitors had are not shown.")


@router.post("/products/{product}/looked", status_code=204)
def looked(request: Request, product: str, told: Looked, actor: Actor = needs("configure.read")) -> None:
    """Which options a shopper looked at. Send the header `Visit` (any text of yours) to tell shoppers apart.

    Counted are consumers' tokens only, in sums without names; names that are not options of the product are ignored.
    """
    note_looked(request, actor, product, told)


def note_looked(request: Request, actor: Actor, product: str, told: Looked) -> None:
    with platform_of(request).look(actor.organization) as work:
        features = configurator_of(work.configure.product(product)).model.features
    options = [name for name in told.options if name in features]
    if options:
        watching.looked(request, actor, product, options)
    if told.left:
        watching.left(request, actor, product)


@router.get("/demand")
def demand(
    request: Request,
    product: str,
    start: Annotated[date | None, Query(alias="from")] = None,
    end: Annotated[date | None, Query(alias="to")] = None,
    late: Annotated[int | None, Query(ge=0, le=LATE_MAX)] = None,
    actor: Actor = needs("orders.read"),
) -> dict[str, Any]:
    """What shoppers looked at, took and left of a product; without days, the last four weeks.

    `late`: a promise further away than so many days is late; without it, later than what half of the visits were shown.
    """
    platform = platform_of(request)
    with platform.look(actor.organization) as work:
        found = interest_of(work, asked_of(product, start, end, platform.today()))
    return found.as_json(usual_late(found) if late is None else late)


@router.get("/demand/settings")
def settings(request: Request, actor: Actor = needs("orders.read")) -> Settings:
    """How long counts are kept, and from how many visitors on a combination is shown."""
    with platform_of(request).look(actor.organization) as work:
        found = work.interest.settings()
    return Settings(keep_days=found.keep_days, smallest=found.smallest)


@router.put("/demand/settings")
def change_settings(request: Request, new: Settings, actor: Actor = needs("configure.write")) -> Settings:
    """Change them. What is older than the new time is deleted at once."""
    with platform_of(request).work(actor.organization) as work:
        work.interest.change_settings(InterestSettings(new.keep_days, new.smallest))
    return new


@router.delete("/demand", status_code=204)
def forget(request: Request, actor: Actor = needs("configure.write")) -> None:
    """Delete all counts of the organization. They can't be brought back."""
    forget_everything(request, actor)


def forget_everything(request: Request, actor: Actor) -> None:
    watching.visits_of(request).forget(actor.organization)
    with platform_of(request).work(actor.organization) as work:
        work.interest.forget_everything()
