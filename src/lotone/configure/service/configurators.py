"""Configurators of products, made once in a process: reading and compiling a model takes longer than a transaction lives."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Generic, TypeVar

from lotone.configure.model.binding import Unfit
from lotone.configure.model.expression import features_of
from lotone.configure.model.product import Product
from lotone.configure.reading.model import read_model
from lotone.configure.reasoning.configurator import Configurator
from lotone.configure.reasoning.limits import TooHard
from lotone.configure.service.workshop import Workshop
from lotone.kernel import Invalid, LotOneError

AnyValue = TypeVar("AnyValue")


class WrongProduct(Invalid):
    """A product whose parts do not fit its model."""


class HardModel(WrongProduct):
    """A product about whose model nothing can be answered within the limits."""


class Kept(Generic[AnyValue]):
    """The values used last, by the digest of what they were made from, so equal keys always mean equal values."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lock = Lock()
        self._values: OrderedDict[str, AnyValue] = OrderedDict()

    def get(self, key: str, make: Callable[[], AnyValue]) -> AnyValue:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self.limit:
                self._values.popitem(last=False)
        return value


_configurators: Kept["Furnished"] = Kept(64)
_workshop = Workshop()


@dataclass(frozen=True)
class Furnished:
    """A configurator, and what is set when it answers as well as it ever will."""

    configurator: Configurator
    done: Event | None


def keep_compiled_in(folder: Path) -> None:
    """Where compiled models are stored, for all processes of an installation."""
    _workshop.folder = folder


def configurator_of(product: Product) -> Configurator:
    """The configurator of a product; made once for equal products.

    It answers at once: from a stored circuit, or by search while the circuit is compiled in the background.
    """
    return _furnished(product).configurator


def _furnished(product: Product) -> Furnished:
    return _configurators.get(f"{product.id}:{product.digest}", lambda: _made(product))


def _made(product: Product) -> Furnished:
    model = read_model(product.model_text, name=f"{product.id}.uvl")
    configurator = Configurator(model, product.demand, currency=product.currency)
    return Furnished(configurator, _workshop.furnish(configurator))


def prepare(product: Product) -> None:
    """Compile a product before it is published, outside of any transaction: it may take as long as the limits.

    Raises HardModel for what is too hard to answer about. Everything else that is wrong is for publishing to tell.
    """
    try:
        furnished = _furnished(product)
        if furnished.done is not None:
            _workshop.wait(furnished.done)
        _open(furnished.configurator, product)
    except HardModel:
        raise
    except LotOneError:
        return


def _open(configurator: Configurator, product: Product) -> None:
    """Answer what the shop asks first."""
    try:
        configurator.options(product.start)
    except TooHard as fault:
        why = f"the model of {product.id} is too hard to answer about ({fault.message}): simplify its constraints"
        raise HardModel(why, where=product.id) from None


def check_product(product: Product) -> None:
    """Raises when a product is not consistent in itself: model, words, start, demand and picture must speak of one another."""
    configurator = configurator_of(product)
    _open(configurator, product)
    known = configurator.model.features
    demand = product.demand
    named = demand.features()
    if product.picture is not None:
        named |= {name for name, _ in product.picture.features()}
        named |= {name for style in product.picture.styles for name in features_of(style.when)}
    unknown = sorted((named | set(product.option_words)) - known.keys())
    if unknown:
        raise WrongProduct(f"product {product.id} speaks of '{unknown[0]}', which its model does not have", where=product.id)
    try:
        demand.bound(configurator.model)
    except Unfit as fault:
        raise WrongProduct(
            f"a table of product {product.id} does not fit its model: {fault.message}", where=product.id
        ) from fault
