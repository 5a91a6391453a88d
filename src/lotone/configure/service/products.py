"""Use cases around published products: versions, their releases, and which of them is sold now."""

from datetime import datetime

from lotone.configure.facts import ProductPublished, ProductReleased
from lotone.configure.model.features import similar
from lotone.configure.model.product import Product
from lotone.configure.model.version import AlreadyReleased, NothingNew, Version, VersionState, current_of, with_states
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.service.configurators import Kept, check_product, configurator_of
from lotone.configure.store import Store
from lotone.kernel import Clock, Fact, Invalid, NotFound, Tell


class UnknownProduct(NotFound):
    """No such product, or no such version of it."""


class WrongMoment(Invalid):
    """A release in the past."""


_products: Kept[Product] = Kept(256)
"""Shared by all services of a process: services live as long as a transaction, reading a product takes longer."""


def _to_nobody(_: Fact) -> None:
    """Nobody listens, as in a notebook."""


class ConfigureService:
    """Products of one organization and the configurators that answer about them. `clock` is the wall's."""

    def __init__(self, store: Store, clock: Clock, tell: Tell = _to_nobody) -> None:
        self.store = store
        self.clock = clock
        self.tell = tell

    # -- publishing

    def publish(
        self, product: Product, *, at: datetime | None = None, by: str = "", note: str = "", back_to: int | None = None
    ) -> Product:
        """Publish a product, or its next version, sold from now on or from `at`; one that says the same as the newest
        version stays that version.

        Raises BrokenModel, WrongPicture, WrongProduct or Contradiction when it can't be sold as it is, WrongMoment.
        """
        check_product(product)
        now = self.clock()
        if at is not None and at < now:
            raise WrongMoment(f"a version can't be released in the past ({at:%Y-%m-%d %H:%M})", where="at")
        versions = self.store.versions(product.id)[product.id]
        digest = product.digest
        if versions and versions[0].digest == digest and back_to is None:
            return product.with_version(versions[0].number, versions[0].published_at)
        number = (versions[0].number if versions else 0) + 1
        version = Version(product.id, number, digest, now, at or now, by, note, back_to)
        self.store.add(version, product.content(), told=at is None)
        self.tell(ProductPublished(product.id, number))
        if at is None:
            self.tell(ProductReleased(product.id, number))
        return product.with_version(number, now)

    def introduce(self, product: Product) -> None:
        """Publish a product unless some version of it says the same already: what people changed since stays."""
        if all(version.digest != product.digest for version in self.store.versions(product.id)[product.id]):
            self.publish(product)

    def release(self, product: str, version: int, at: datetime | None = None) -> Version:
        """Let a version that still waits be sold now or from `at` on. Raises UnknownProduct, AlreadyReleased, WrongMoment."""
        now = self.clock()
        if at is not None and at < now:
            raise WrongMoment(f"a version can't be released in the past ({at:%Y-%m-%d %H:%M})", where="at")
        self._waiting(product, version)
        self.store.release(product, version, at or now, told=at is None)
        if at is None:
            self.tell(ProductReleased(product, version))
        return self.version(product, version)

    def withdraw(self, product: str, version: int) -> Version:
        """A version that waits for its release is not released. Raises UnknownProduct, AlreadyReleased."""
        self._waiting(product, version)
        self.store.release(product, version, None, told=True)
        return self.version(product, version)

    def roll_back(self, product: str, version: int, *, by: str = "") -> Product:
        """An earlier version becomes current again, as a new version that says so. Raises UnknownProduct, NothingNew."""
        earlier = self.version(product, version)
        if earlier.state is VersionState.CURRENT:
            raise NothingNew(f"version {version} of {product} is sold already")
        return self.publish(self.product(product, version), by=by, back_to=version)

    def has_news(self) -> bool:
        """Has the release of some version come that was not told yet?"""
        return self.store.count_untold(self.clock()) > 0

    def tell_releases(self) -> None:
        """Tell which versions have come to be sold since it was told last."""
        for product, version in self.store.untold(self.clock()):
            self.store.mark_told(product, version)
            self.tell(ProductReleased(product, version))

    # -- reading

    def products(self) -> list[Product]:
        """Every product that is sold, in its current version, by id."""
        now = self.clock()
        current = (current_of(versions, now) for versions in self.store.versions().values())
        return [self._kept(version) for version in current if version is not None]

    def product(self, product: str, version: int | None = None) -> Product:
        """A product, in its current or in a given version. Raises UnknownProduct."""
        versions = self.store.versions(product)[product]
        if version is None:
            found = current_of(versions, self.clock())
        else:
            found = next((one for one in versions if one.number == version), None)
        if found is None:
            which = product if version is None else f"{product} version {version}"
            sold = () if versions else [one.id for one in self.products()]  # who buys is told of no others
            raise UnknownProduct(f"there is no product {which}{similar(product, sold)}")
        return self._kept(found)

    def sold(self, product: str, number: int) -> Product:
        """A version that is sold or was: what buyers may ask about. One that still waits is unknown. Raises UnknownProduct."""
        versions = with_states(self.store.versions(product)[product], self.clock())
        for one in versions:
            if one.number == number and one.state in (VersionState.CURRENT, VersionState.PAST):
                return self._kept(one)
        raise UnknownProduct(f"there is no product {product} version {number}")

    def versions(self, product: str) -> list[Version]:
        """Every version of a product with its state, the newest first. Raises UnknownProduct."""
        versions = self.store.versions(product)[product]
        if not versions:
            raise UnknownProduct(f"there is no product {product}{similar(product, self.store.versions().keys())}")
        return with_states(versions, self.clock())

    def all_versions(self) -> dict[str, list[Version]]:
        """The versions of every product, those not yet sold included."""
        now = self.clock()
        return {product: with_states(versions, now) for product, versions in self.store.versions().items()}

    def version(self, product: str, number: int) -> Version:
        """One version with its state. Raises UnknownProduct."""
        found = next((one for one in self.store.versions(product)[product] if one.number == number), None)
        if found is None:
            raise UnknownProduct(f"there is no product {product} version {number}")
        return next(one for one in self.versions(product) if one.number == number)

    def configurator(self, product: str, version: int | None = None) -> Configurator:
        """What answers about a product. Raises UnknownProduct."""
        return configurator_of(self.product(product, version))

    def _waiting(self, product: str, number: int) -> Version:
        version = self.version(product, number)
        if version.state in (VersionState.CURRENT, VersionState.PAST):
            raise AlreadyReleased(f"version {number} of {product} was sold already; roll back to it instead")
        return version

    def _kept(self, version: Version) -> Product:
        return _products.get(
            f"{version.product}:{version.number}:{version.published_at.isoformat()}:{version.digest}",
            lambda: Product.from_content(version.product, self.store.content(version.product, version.number)).with_version(
                version.number, version.published_at
            ),
        )
