"""What shoppers do is counted without their names: one call a click, which costs microseconds and never fails it.

Only consumers and guests are counted. A program that speaks for many shoppers tells them apart by the header `Visit`, any
text of its own that is the same over one shopper's requests; without it, all requests of its token are one shopper's.
"""

import asyncio
from collections.abc import Callable, Iterable

import structlog
from fastapi import Request
from starlette.concurrency import run_in_threadpool

from lotone.configure import Cause, Visit, Visits
from lotone.identity import Actor, Role
from lotone.kernel import LotOneError, Money, Words
from lotone.orders import Order, Quote
from lotone.plan import BindingKind, Promise
from lotone.web.access import platform_of
from lotone.wiring import Platform

log = structlog.get_logger(__name__)
FLUSH_S = 5.0
VISIT_HEADER = "visit"
VISIT_NAME_MAX = 100
NAMED_HOURS = 0.5
"""A wait shorter than this is no cause: then it is the work itself that takes so long."""
DAY_S = 86_400


def chose(
    request: Request, actor: Actor, product: str, choices: Iterable[str], price: Money, *, taken: Iterable[str] | None = None
) -> None:
    """The shopper was shown a product with these choices. `taken`: those she just chose herself; None, all that are new."""
    _note(request, actor, product, lambda visit: visit.choose(choices, price.cents, price.currency, taken=taken))


def looked(request: Request, actor: Actor, product: str, options: Iterable[str]) -> None:
    """The shopper looked at options."""
    _note(request, actor, product, lambda visit: visit.look(options))


def promised(request: Request, actor: Actor, product: str, promise: Promise | None, *, taken: Iterable[str] = ()) -> None:
    """The shopper was shown a promise (None: that there is none), perhaps for having just taken options."""

    def note(visit: Visit) -> None:
        visit.take(taken)
        _promise(request, visit, promise)

    _note(request, actor, product, note)


def quoted(request: Request, actor: Actor, quote: Quote, *, taken: Iterable[str] | None = ()) -> None:
    """The shopper holds a quote. `taken` as in `chose`."""

    def note(visit: Visit) -> None:
        visit.choose(quote.choices, quote.price.cents, quote.price.currency, taken=taken)
        _promise(request, visit, quote.promise)
        visit.quote()

    _note(request, actor, quote.product, note)


def ordered(request: Request, actor: Actor, order: Order) -> None:
    """The shopper ordered; her visit is over."""

    def note(visit: Visit) -> None:
        if visit.days is None:  # her visit to the shop was over, or was counted in another process
            visit.choose(order.choices, order.price.cents, order.price.currency, taken=())
            _promise(request, visit, order.promise)
        visit.order()

    _note(request, actor, order.product, note)
    left(request, actor, order.product)


def left(request: Request, actor: Actor, product: str) -> None:
    """The shopper's visit is over."""
    if actor.role is Role.CONSUMER:
        visits_of(request).end(actor.organization, product, _who(request, actor))


def visits_of(request: Request) -> Visits:
    visits: Visits = request.app.state.visits
    return visits


def _note(request: Request, actor: Actor, product: str, act: Callable[[Visit], None]) -> None:
    """Statistics are never worth a click: whatever goes wrong is logged."""
    if actor.role is not Role.CONSUMER:
        return
    try:
        with visits_of(request).visit(actor.organization, product, _who(request, actor)) as visit:
            act(visit)
    except Exception:
        log.exception("interest.not_counted", product=product)


def _who(request: Request, actor: Actor) -> str:
    name = request.headers.get(VISIT_HEADER, "") if actor.token else ""
    return f"{actor.who}\n{name[:VISIT_NAME_MAX]}"


def _promise(request: Request, visit: Visit, promise: Promise | None) -> None:
    if promise is None:
        return
    waits = [one for one in promise.binding if one.kind is not BindingKind.OPERATION and one.hours >= NAMED_HOURS]
    binding = max(waits, key=lambda one: one.hours, default=None)
    seconds = (promise.date - platform_of(request).plant()).total_seconds()
    days = -int(-seconds // DAY_S)
    if binding is None:
        visit.promise(days, Cause(BindingKind.OPERATION.value, Words("")))
    else:
        visit.promise(days, Cause(binding.kind.value, binding.subject, binding.supplier or Words("")))


async def keep_counting(platform: Platform, visits: Visits) -> None:
    """Hand the counts of visits that ended to the database every few seconds, until cancelled."""
    while True:
        await asyncio.sleep(FLUSH_S)
        await run_in_threadpool(keep_counts, platform, visits)


def keep_counts(platform: Platform, visits: Visits, *, everything: bool = False) -> None:
    """Add what was counted since the last time to the database, one short transaction an organization.

    What can't be kept now is tried again the next time.
    """
    for organization, tally in visits.take(everything=everything).items():
        try:
            with platform.work(organization) as work:
                work.interest.count(tally)
        except LotOneError as fault:
            visits.give_back(organization, tally)
            log.warning("interest.not_kept", fault=str(fault))
        except Exception:
            visits.give_back(organization, tally)
            log.exception("interest.not_kept")
