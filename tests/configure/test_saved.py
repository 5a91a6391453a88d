"""Saved configurations: kept for their owner, opened by others only when shared, honest about newer versions."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lotone import configure
from lotone.configure import SAVED_MAX, ConfigureService, Product, SavedService, SavedStore, Store
from lotone.kernel import Database, Money, Words

MODEL = """
features
    lamp {Price 80}
        mandatory
            size {abstract}
                alternative
                    small
                    large {Price 20}
        optional
            dimmer {Price 12}
            remote {Price 9}
"""
NEWER = (
    MODEL.replace("            remote {Price 9}\n", "").replace("Price 80", "Price 85") + "constraints\n    dimmer => large\n"
)
LAMP = Product("lamp", Words("Lamp"), MODEL)
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def saved(database: Database) -> Iterator[SavedService]:
    with database.work() as connection:
        service = ConfigureService(Store(connection, "demo"), lambda: NOW)
        service.publish(LAMP)
        yield SavedService(SavedStore(connection, "demo"), lambda: NOW, service)


def test_what_is_saved_is_found_again_by_its_owner(saved: SavedService) -> None:
    kept = saved.save("ann", "lamp", ["dimmer", "small"], "  For   the desk ")
    assert kept.name == "For the desk"
    assert kept.choices == ("small", "dimmer")
    assert kept.price == Money(9200)
    assert saved.saved_of("ann") == [kept]
    assert saved.own(kept.id, "ann") == kept
    assert saved.saved_of("bob") == []


def test_nobody_else_finds_it_until_it_is_shared_and_nobody_else_changes_it(saved: SavedService) -> None:
    kept = saved.save("ann", "lamp", ["small"], "Mine")
    for ask in (saved.own, saved.opened, saved.forget, saved.share):
        with pytest.raises(configure.UnknownSaved):
            ask(kept.id, "bob")
    saved.share(kept.id, "ann")
    assert saved.opened(kept.id, "bob").name == "Mine"
    for change in (saved.own, saved.forget, saved.share):
        with pytest.raises(configure.UnknownSaved):
            change(kept.id, "bob")
    with pytest.raises(configure.UnknownSaved):
        saved.rename(kept.id, "bob", "Yours")
    saved.share(kept.id, "ann", is_shared=False)
    with pytest.raises(configure.UnknownSaved):
        saved.opened(kept.id, "bob")


def test_another_organization_does_not_find_it(saved: SavedService) -> None:
    kept = saved.save("ann", "lamp", ["small"], "Mine")
    saved.share(kept.id, "ann")
    other = SavedService(SavedStore(saved.store.connection, "other"), lambda: NOW, saved.configure)
    assert other.saved_of("ann") == []
    with pytest.raises(configure.UnknownSaved):
        other.opened(kept.id, "ann")


def test_a_newer_version_says_what_no_longer_goes(saved: SavedService) -> None:
    kept = saved.save("ann", "lamp", ["small", "dimmer", "remote"], "Old")
    assert not saved.review(kept).is_changed
    saved.configure.publish(replace(LAMP, model_text=NEWER))
    reviewed = saved.review(kept)
    assert reviewed.is_changed
    assert reviewed.before.version == 1
    assert reviewed.product.version == 2
    assert reviewed.gone == ("remote",)
    assert len(reviewed.against) == 1
    assert set(reviewed.choices) | set(reviewed.against) == {"small", "dimmer"}
    assert "dimmer => large" in [rule.text for rule in reviewed.rules]


def test_names_and_numbers_have_limits(saved: SavedService) -> None:
    for name in ("", "  ", "x" * 121):
        with pytest.raises(configure.WrongName):
            saved.save("ann", "lamp", ["small"], name)
    kept = saved.save("ann", "lamp", ["small"], "a")
    assert saved.rename(kept.id, "ann", "b").name == saved.own(kept.id, "ann").name == "b"
    for _ in range(SAVED_MAX - 1):
        saved.save("ann", "lamp", ["small"], "again")
    with pytest.raises(configure.TooManySaved):
        saved.save("ann", "lamp", ["small"], "one more")
    saved.forget(kept.id, "ann")
    saved.save("ann", "lamp", ["small"], "one more")


def test_what_contradicts_itself_is_not_saved(saved: SavedService) -> None:
    with pytest.raises(configure.Contradiction):
        saved.save("ann", "lamp", ["small", "large"], "Both")
    with pytest.raises(configure.UnknownProduct):
        saved.save("ann", "sofa", [], "Sofa")
