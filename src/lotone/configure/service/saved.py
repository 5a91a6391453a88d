"""Use cases around saved configurations."""

import secrets
from collections.abc import Iterable
from dataclasses import replace

from lotone.configure.model.options import Contradiction
from lotone.configure.model.saved import SAVED_MAX, Reviewed, SavedConfiguration, TooManySaved, UnknownSaved, checked_name
from lotone.configure.service.configurators import configurator_of
from lotone.configure.service.products import ConfigureService
from lotone.configure.store_saved import SavedStore
from lotone.kernel import Clock, Money

ID_BYTES = 9
"""72 random bits: a link that is short, and that nobody guesses."""


class SavedService:
    """Saved configurations of one organization. An owner changes her own only; others open what she shares."""

    def __init__(self, store: SavedStore, clock: Clock, configure: ConfigureService) -> None:
        self.store = store
        self.clock = clock
        self.configure = configure

    def save(self, owner: str, product: str, choices: Iterable[str], name: str) -> SavedConfiguration:
        """Keep choices of a product's newest version.

        Raises UnknownProduct, UnknownFeature, Contradiction, WrongName, TooManySaved.
        """
        published = self.configure.product(product)
        configurator = configurator_of(published)
        chosen = configurator.model.in_order(set(choices) & configurator.model.features.keys())
        configurator.options(chosen)
        if self.store.count(owner) >= SAVED_MAX:
            raise TooManySaved(f"{SAVED_MAX} configurations are saved already; delete one that is not needed")
        cents = sum(configurator.model.features[each].price_cents for each in configurator.complete(chosen))
        saved = SavedConfiguration(
            id=secrets.token_urlsafe(ID_BYTES),
            owner=owner,
            name=checked_name(name),
            product=published.id,
            version=published.version,
            choices=chosen,
            price=Money(cents, published.currency),
            saved_at=self.clock(),
        )
        self.store.add(saved)
        return saved

    def saved_of(self, owner: str) -> list[SavedConfiguration]:
        """What an owner keeps, the newest first."""
        return self.store.of(owner)

    def of_product(self, product: str, *, limit: int = 5_000) -> list[SavedConfiguration]:
        """Everybody's configurations of a product, for who asks what a new version does to them."""
        return self.store.of_product(product, limit)

    def own(self, saved_id: str, owner: str) -> SavedConfiguration:
        """One of the owner's. Raises UnknownSaved."""
        found = self.store.get(saved_id)
        if found is None or found.owner != owner:
            raise _unknown(saved_id)
        return found

    def opened(self, saved_id: str, visitor: str) -> SavedConfiguration:
        """One of the visitor's own, or one that its owner shares. Raises UnknownSaved."""
        found = self.store.get(saved_id)
        if found is None or not (found.is_shared or found.owner == visitor):
            raise _unknown(saved_id)
        return found

    def rename(self, saved_id: str, owner: str, name: str) -> SavedConfiguration:
        """Raises UnknownSaved, WrongName."""
        found, tidy = self.own(saved_id, owner), checked_name(name)
        self.store.change(found.id, name=tidy)
        return replace(found, name=tidy)

    def share(self, saved_id: str, owner: str, *, is_shared: bool = True) -> SavedConfiguration:
        """Let everybody who knows the address open it, or nobody but the owner again. Raises UnknownSaved."""
        found = self.own(saved_id, owner)
        self.store.change(found.id, is_shared=is_shared)
        return replace(found, is_shared=is_shared)

    def forget(self, saved_id: str, owner: str) -> None:
        """Raises UnknownSaved."""
        self.store.remove(self.own(saved_id, owner).id)

    def review(self, saved: SavedConfiguration) -> Reviewed:
        """What the newest version of its product still allows of it, and what stands against the rest."""
        newest = self.configure.product(saved.product)
        before = newest if newest.version == saved.version else self.configure.product(saved.product, saved.version)
        configurator = configurator_of(newest)
        gone = tuple(name for name in saved.choices if name not in configurator.model.features)
        kept = tuple(name for name in saved.choices if name not in gone)
        try:
            configurator.options(kept)
        except Contradiction as fault:
            against = fault.explanation.take_back
            left = tuple(name for name in kept if name not in against)
            return Reviewed(saved, newest, before, left, gone, against, fault.explanation.reasons)
        return Reviewed(saved, newest, before, kept, gone)


def _unknown(saved_id: str) -> UnknownSaved:
    return UnknownSaved(f"there is no saved configuration {saved_id} that is yours or was shared with you")
