"""Compiled models of products: stored, shared, rebuilt while a search answers, refused when they are too hard."""

from pathlib import Path
from threading import Event

import pytest

from configure.hostile import random_3sat
from configure.test_configurator import BIKE
from lotone.configure import (
    BrokenModel,
    Configurator,
    Contradiction,
    Product,
    UnknownFeature,
    check_product,
    prepare,
    read_model,
)
from lotone.configure.reasoning import compiling
from lotone.configure.reasoning import search as searching
from lotone.configure.reasoning.circuit import Circuit
from lotone.configure.reasoning.limits import Limits
from lotone.configure.reasoning.search import Search
from lotone.configure.service import configurators, workshop
from lotone.configure.service.configurators import HardModel
from lotone.configure.service.workshop import WAITING_MAX, Workshop
from lotone.kernel import Words


@pytest.fixture
def nothing_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workshop, "compile_small", lambda *_: None)


def bike() -> Configurator:
    return Configurator(read_model(BIKE))


def test_what_is_small_answers_by_its_circuit_at_once() -> None:
    configurator = bike()
    assert Workshop().furnish(configurator) is None
    assert isinstance(configurator.reasoner, Circuit)


@pytest.mark.usefixtures("nothing_is_small")
def test_a_search_answers_until_the_circuit_is_there_and_it_is_made_once(tmp_path: Path) -> None:
    one, other, third = bike(), bike(), bike()
    shop = Workshop()
    shop.folder = tmp_path / "configure"
    done = shop.furnish(one)
    before = one.options(["Belt"])
    assert done is not None
    shop.wait(done)
    assert done.is_set()
    assert isinstance(one.reasoner, Circuit)
    assert one.options(["Belt"]).possible == before.possible
    assert one.options(["Belt"]).count == 15

    stored = list(shop.folder.glob("*.circuit"))
    assert len(stored) == 1
    neighbour = Workshop()
    neighbour.folder = shop.folder
    assert neighbour.furnish(other) is None
    assert isinstance(other.reasoner, Circuit)
    assert other.options(["Belt"]).count == 15

    data = stored[0].read_bytes()
    stored[0].unlink()  # others still have it mapped into their memory
    stored[0].write_bytes(data[: len(data) // 2])
    done = neighbour.furnish(third)
    assert third.options(["Belt"]).possible == before.possible
    assert done is not None
    neighbour.wait(done)
    assert third.options(["Belt"]).count == 15
    assert neighbour.furnish(bike()) is None


@pytest.mark.usefixtures("nothing_is_small")
def test_without_a_place_to_store_it_is_compiled_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for folder in (None, tmp_path / "file" / "configure"):
        configurator = bike()
        shop = Workshop()
        shop.folder = folder
        done = shop.furnish(configurator)
        assert done is not None
        shop.wait(done)
        assert done.is_set()
        assert configurator.options([]).price_min.cents == 48000


@pytest.mark.usefixtures("nothing_is_small")
def test_what_does_not_compile_stays_with_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "compile_small", lambda *_: None)
    configurator = bike()
    shop = Workshop(Limits(seconds=0))
    done = shop.furnish(configurator)
    assert done is not None
    done.wait()
    assert isinstance(configurator.reasoner, Search)
    assert configurator.options(["Belt"]).count is None


@pytest.mark.usefixtures("nothing_is_small")
def test_a_flood_of_drafts_keeps_a_new_product_waiting_for_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, begun, compiled = Event(), Event(), []
    shop = Workshop()

    def compile_slowly(configurator: Configurator) -> Circuit:
        begun.set()
        assert go_on.wait(30)
        compiled.append(configurator)
        return made

    small = bike()
    Workshop().furnish(small).wait(30)  # type: ignore[union-attr]
    made = small.reasoner
    monkeypatch.setattr(workshop, "AT_ONCE", 1)
    monkeypatch.setattr(shop, "_compiled", compile_slowly)
    first = shop.furnish(bike())
    assert begun.wait(30)
    flood = [shop.furnish(bike()) for _ in range(WAITING_MAX + 3)]
    assert [done.is_set() for done in flood] == [True] * 3 + [False] * WAITING_MAX, "the longest waiting stay with the search"
    ours = bike()
    done = shop.furnish(ours)
    go_on.set()
    for each in (first, done, *flood):
        assert each.wait(30)
    assert compiled[1] is ours
    assert len(compiled) == 1 + WAITING_MAX


def test_a_hostile_product_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "CLICK", Limits(seconds=0.2))
    monkeypatch.setattr(configurators, "_workshop", Workshop(Limits(seconds=0.2)))
    product = Product("hard", Words("Hard"), random_3sat(700))
    with pytest.raises(HardModel, match="the model of hard is too hard to answer about"):
        prepare(product)


def test_other_faults_are_for_publishing_to_tell() -> None:
    """`prepare` only refuses what is too hard: it lets these pass, and publishing names what is wrong with each."""
    broken = Product("broken", Words("Broken"), "features")
    never = Product("never", Words("Never"), BIKE, start=("Small", "Belt"))
    strange = Product("strange", Words("Strange"), BIKE, start=("Wings",))
    for product, fault in ((broken, BrokenModel), (never, Contradiction), (strange, UnknownFeature)):
        prepare(product)
        with pytest.raises(fault):
            check_product(product)


def test_what_is_prepared_can_be_published_at_once() -> None:
    product = Product("bike", Words("Bike"), BIKE, start=("Belt",))
    prepare(product)
    assert configurators.configurator_of(product).options(product.start).count == 15
