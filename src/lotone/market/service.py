"""Use cases on the market: who offers what, order what is short, book what arrives."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from lotone import assets
from lotone.kernel import Clock, Money, Tell, new_id
from lotone.market.facts import PurchaseArrived, PurchasePlaced
from lotone.market.model import (
    KeyUsed,
    Need,
    NothingOffered,
    Offer,
    Purchase,
    Score,
    Supplier,
    UnknownPurchase,
    UnknownSupplier,
    best,
    check_offer,
    scored,
    short,
)
from lotone.market.store import Store

SCORED_DELIVERIES = 500
"""A supplier's score looks at the organization's newest deliveries, this many."""


class MarketService:
    """Suppliers and purchases of one organization. `clock` is the plant's: lead times pass in plant time."""

    def __init__(self, store: Store, clock: Clock, tell: Tell, assets: assets.AssetService) -> None:
        self.store = store
        self.clock = clock
        self.tell = tell
        self.assets = assets

    def add_suppliers(self, suppliers: Iterable[Supplier]) -> None:
        """Add or change suppliers."""
        known = {supplier.id: supplier for supplier in self.store.suppliers()}
        for supplier in suppliers:
            if known.get(supplier.id) != supplier:
                self.store.save_supplier(supplier, is_new=supplier.id not in known)
                known[supplier.id] = supplier

    def suppliers(self) -> list[Supplier]:
        return self.store.suppliers()

    def add_offers(self, offers: Iterable[Offer]) -> None:
        """Add or change offers, known by supplier and part. Raises UnknownSupplier, UnknownPart, WrongOffer."""
        suppliers = {supplier.id for supplier in self.store.suppliers()}
        parts = self.assets.parts()
        known = {(offer.supplier, offer.part): offer for offer in self.store.offers()}
        for offer in offers:
            if offer.supplier not in suppliers:
                raise UnknownSupplier(f"an offer names supplier {offer.supplier}, who does not exist; add the supplier first")
            if offer.part not in parts:
                raise assets.UnknownPart(
                    f"{offer.supplier} offers part {offer.part}, which does not exist; add the part first"
                )
            check_offer(offer)
            if known.get((offer.supplier, offer.part)) != offer:
                self.store.save_offer(offer, is_new=(offer.supplier, offer.part) not in known)
                known[(offer.supplier, offer.part)] = offer

    def offers(self, part: str | None = None) -> list[Offer]:
        """The standing offers for a part, or all."""
        return self.store.offers(part)

    def best_offer(self, part: str, needed_by: datetime | None = None) -> Offer:
        """The cheapest offer that is in time when ordered now, else the fastest. Raises NothingOffered."""
        return self._best(part, needed_by, self.scores())

    def best_offers(self) -> dict[str, Offer]:
        """The best offer for every part that is offered at all, when it is not needed by a certain time."""
        scores, now = self.scores(), self.clock()
        of_part: dict[str, list[Offer]] = {}
        for offer in self.store.offers():
            of_part.setdefault(offer.part, []).append(offer)
        found = {part: best(offers, now=now, needed_by=None, scores=scores) for part, offers in of_part.items()}
        return {part: offer for part, offer in found.items() if offer is not None}

    def _best(self, part: str, needed_by: datetime | None, scores: dict[str, Score]) -> Offer:
        found = best(self.store.offers(part), now=self.clock(), needed_by=needed_by, scores=scores)
        if found is None:
            raise NothingOffered(part)
        return found

    def scores(self) -> dict[str, Score]:
        """How reliable the suppliers' latest deliveries were; suppliers that have not delivered are left out."""
        return scored(self.store.deliveries(SCORED_DELIVERIES))

    def order(
        self, part: str, quantity: float, needed_by: datetime | None = None, *, idempotency_key: str | None = None
    ) -> Purchase:
        """Order a part at its best offer. With the same key again, the purchase made the first time is returned.

        Raises NothingOffered, WrongQuantity, KeyUsed.
        """
        counted = assets.quantity_of(assets.thousandths(quantity))
        if idempotency_key is not None:
            existing = self.store.purchase_with_key(idempotency_key)
            if existing is not None:
                if existing.part != part:
                    raise KeyUsed(f"purchase {existing.number} of {existing.part} was made with this key; use a new key")
                return existing
        offer = self._best(part, needed_by, self.scores())
        ordered_at = self.clock()
        amount = max(counted, offer.least)
        purchase = Purchase(
            id=new_id("buy"),
            number=f"P-{self.assets.next_number('purchases'):05d}",
            supplier=offer.supplier,
            part=part,
            quantity=amount,
            price=Money(round(offer.price.cents * amount), offer.price.currency),
            ordered_at=ordered_at,
            due_at=offer.arrives(ordered_at),
            needed_by=needed_by,
        )
        self.store.add_purchase(purchase, idempotency_key)
        self.tell(PurchasePlaced(purchase.id, purchase.number, offer.supplier, part, amount, purchase.due_at))
        return purchase

    def shortages(self, needs: Iterable[Need]) -> list[Need]:
        """What neither stock nor open purchases cover of the needs: what has to be ordered."""
        supply = self.assets.on_hand()
        for purchase in self.arriving():
            supply[purchase.part] = supply.get(purchase.part, 0.0) + purchase.quantity
        return short(needs, supply)

    def order_what_is_short(self, needs: Iterable[Need]) -> list[Purchase]:
        """Order what is short for all open needs of the plant together; again at once, it orders nothing.

        Parts that nobody offers raise NothingOffered after all others were looked at: nothing is ordered then.
        """
        missing = self.shortages(needs)
        offered = {offer.part for offer in self.store.offers()}
        nowhere = [need.part for need in missing if need.part not in offered]
        if nowhere:
            raise NothingOffered(", ".join(nowhere))
        return [self.order(need.part, need.quantity, need.at) for need in missing]

    def purchase(self, purchase_id: str) -> Purchase:
        """One purchase. Raises UnknownPurchase."""
        return _known(self.store.purchase(purchase_id), purchase_id)

    def purchases(self, limit: int = 200) -> list[Purchase]:
        """Purchases, the newest first."""
        return self.store.purchases(limit=limit)

    def arriving(self) -> list[Purchase]:
        """What was ordered and has not arrived, by due date."""
        return self.store.purchases(only_open=True)

    def arrive(self, purchase: Purchase | str, at: datetime | None = None) -> Purchase:
        """Book the arrival of a purchase into stock as a lot; a second time changes nothing. Raises UnknownPurchase."""
        purchase_id = purchase if isinstance(purchase, str) else purchase.id
        known = _known(self.store.purchase(purchase_id, to_change=True), purchase_id)
        if known.arrived_at is not None:
            return known
        arrived_at = at or self.clock()
        lot = self.assets.receive(known.part, known.quantity, supplier=known.supplier, at=arrived_at)
        arrived = replace(known, arrived_at=arrived_at, lot=lot.id)
        self.store.arrived(arrived)
        self.tell(PurchaseArrived(known.id, known.number, known.supplier, known.part, known.quantity, lot.id, arrived_at))
        return arrived

    def due(self, now: datetime) -> list[Purchase]:
        """What automatic suppliers should have delivered until now; only reads."""
        automatic = {supplier.id for supplier in self.store.suppliers() if supplier.automatic}
        return [buy for buy in self.arriving() if buy.due_at <= now and buy.supplier in automatic]

    def deliver_due(self, now: datetime) -> list[Purchase]:
        """Book what automatic suppliers deliver until now, each at the time it was due."""
        return [self.arrive(buy, at=buy.due_at) for buy in self.due(now)]


def _known(purchase: Purchase | None, purchase_id: str) -> Purchase:
    if purchase is None:
        raise UnknownPurchase(f"there is no purchase {purchase_id}")
    return purchase
