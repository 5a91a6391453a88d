"""Drafts: changed by several people without loss, undone step by step, checked, published, rolled back."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from bike_family import BIKE, MODEL, Wall
from lotone.configure import (
    BrokenDraft,
    ConfigureService,
    DraftMoved,
    DraftService,
    DraftStore,
    NothingNew,
    NothingToUndo,
    Plant,
    ProductTaken,
    Store,
    UnknownDraft,
    WrongDraft,
)
from lotone.kernel import Database, Words

PLANT = Plant(parts={"rack"}, work_centers={"assembly": ("asm-1",)})


@pytest.fixture
def wall(now: datetime) -> Wall:
    return Wall(now)


@pytest.fixture
def drafts(database: Database, wall: Wall) -> Iterator[DraftService]:
    with database.work() as connection:
        products = ConfigureService(Store(connection, "demo"), wall, wall.facts.append)
        products.publish(BIKE)
        yield DraftService(DraftStore(connection, "demo"), products, wall, wall.facts.append)


def text(price: int) -> dict[str, str]:
    return {"model": MODEL.replace("Price 90}", f"Price {price}}}")}


def test_where_nobody_changed_anything_the_draft_is_what_is_sold(drafts: DraftService) -> None:
    draft = drafts.draft("bike")
    assert (draft.revision, draft.based_on, draft.model_text, draft.can_undo) == (0, 1, MODEL, False)
    assert not drafts.is_changed(draft)
    assert drafts.open_drafts() == {}
    assert drafts.save("bike", 0, {"model": MODEL}, by="ada", what="model").revision == 0
    with pytest.raises(UnknownDraft):
        drafts.draft("boat")


def test_two_editors_never_overwrite_each_other(drafts: DraftService) -> None:
    first = drafts.save("bike", 0, text(95), by="ada", what="model")
    with pytest.raises(DraftMoved, match="saved by ada since you opened it") as moved:
        drafts.save("bike", 0, text(99), by="bo", what="model")
    assert moved.value.draft.revision == first.revision
    for act in (
        lambda: drafts.undo("bike", 0),
        lambda: drafts.publish("bike", 0, by="bo"),
        lambda: drafts.begin_again("bike", first.revision + 1, by="bo"),
        lambda: drafts.discard("bike", 0),
    ):
        with pytest.raises(DraftMoved):
            act()
    assert "Price 95" in drafts.draft("bike").model_text


def test_every_step_is_undone_and_done_again(drafts: DraftService, wall: Wall) -> None:
    draft = drafts.draft("bike")
    for price in (91, 92, 93):
        wall.now += timedelta(minutes=1)
        draft = drafts.save("bike", draft.revision, text(price), by="ada", what="model")
    seen = []
    while draft.can_undo:
        draft = drafts.undo("bike", draft.revision)
        seen.append(draft.model_text)
    assert seen == [text(92)["model"], text(91)["model"], MODEL]
    with pytest.raises(NothingToUndo):
        drafts.undo("bike", draft.revision)
    draft = drafts.undo("bike", draft.revision, steps=-3)
    assert (draft.model_text, draft.can_redo) == (text(93)["model"], False)
    draft = drafts.undo("bike", draft.revision, steps=2)
    draft = drafts.save("bike", draft.revision, text(97), by="ada", what="tables")
    assert not draft.can_redo
    assert [save.what for save in drafts.history("bike")] == ["tables", "model", "begin"]
    assert drafts.history("bike")[0].is_shown


def test_what_one_types_in_one_go_is_one_step(drafts: DraftService, wall: Wall) -> None:
    draft = drafts.draft("bike")
    for price in (91, 92, 93):
        wall.now += timedelta(seconds=5)
        draft = drafts.save("bike", draft.revision, text(price), by="ada", what="model")
    assert drafts.undo("bike", draft.revision).model_text == MODEL
    draft = drafts.undo("bike", draft.revision + 1, steps=-1)
    draft = drafts.save("bike", draft.revision, text(94), by="bo", what="model")
    assert drafts.undo("bike", draft.revision).model_text == text(93)["model"]


def test_faults_are_told_at_their_places(drafts: DraftService) -> None:
    draft = drafts.save("bike", 0, {"model": MODEL.replace("optional", "optinal")}, by="ada", what="model")
    (fault, *_) = drafts.faults(draft, PLANT)
    assert (fault.file, fault.line) == ("model", 6)
    changed = {"model": MODEL.replace("rack", "carrier"), "start": ["wings"]}
    draft = drafts.save("bike", draft.revision, changed, by="ada", what="model")
    places = {(fault.file, fault.line, fault.column) for fault in drafts.faults(draft, Plant({}, {}))}
    assert places == {("parts", 2, "part"), ("parts", 2, "when"), ("operations", 2, "work_center"), ("start", 2, "feature")}
    with pytest.raises(BrokenDraft) as broken:
        drafts.publish("bike", draft.revision, by="ada", plant=PLANT)
    assert {fault.file for fault in broken.value.faults} == {"parts", "start"}
    assert [one.number for one in drafts.products.versions("bike")] == [1]


def test_a_void_model_and_an_impossible_start_are_not_published(drafts: DraftService) -> None:
    draft = drafts.save("bike", 0, {"model": MODEL + "    chain & belt\n"}, by="ada", what="model")
    assert [fault.file for fault in drafts.faults(draft)] == ["model"]
    draft = drafts.save("bike", draft.revision, {"model": MODEL + "    !chain\n"}, by="ada", what="model")
    assert [fault.file for fault in drafts.faults(draft)] == ["start"]


@pytest.mark.parametrize(
    "changes",
    [
        {"demand": {}},
        {"demand": {"operations": [{"id": "x"}], "times": [], "parts": [], "parameters": [], "checks": []}},
        {"option_words": {"belt": "Belt"}},
        {"start": 7},
        {"model": 7},
        {"picture": {"svg": "<svg/>", "styles": [{"property": "paint", "value": "red", "when": ""}]}},
        {"colour": "red"},
        {"model": "features\n    \ud800"},
        {"option_words": {"belt": {"name": {"en": "\udfff", "zh": ""}, "hint": {"en": "", "zh": ""}}}},
        {"picture": {"svg": float("nan"), "styles": []}},
    ],
)
def test_what_is_no_draft_is_refused(drafts: DraftService, changes: dict[str, object]) -> None:
    with pytest.raises(WrongDraft):
        drafts.save("bike", 0, changes, by="ada", what="tables")
    assert drafts.draft("bike").revision == 0


def test_publishing_now_and_later(drafts: DraftService, wall: Wall) -> None:
    draft = drafts.save("bike", 0, text(95), by="ada", what="model")
    assert drafts.is_changed(draft)
    published = drafts.publish("bike", draft.revision, by="ada", note="dearer", plant=PLANT)
    assert (published.version, drafts.products.product("bike").version) == (2, 2)
    draft = drafts.draft("bike")
    assert not drafts.is_changed(draft)
    assert draft.based_on == 2
    with pytest.raises(NothingNew, match="version 2 of bike says the same"):
        drafts.publish("bike", draft.revision, by="ada")
    draft = drafts.save("bike", draft.revision, text(99), by="ada", what="model")
    drafts.publish("bike", draft.revision, by="ada", at=wall.now + timedelta(days=1))
    assert drafts.products.product("bike").version == 2
    wall.now += timedelta(days=1)
    assert drafts.products.product("bike").version == 3


def test_an_unchanged_draft_follows_a_roll_back_and_a_changed_one_stays(drafts: DraftService) -> None:
    draft = drafts.save("bike", 0, text(95), by="ada", what="model")
    drafts.publish("bike", draft.revision, by="ada")
    assert drafts.roll_back("bike", 1, by="bo").version == 3
    draft = drafts.draft("bike")
    assert (draft.model_text, draft.based_on, drafts.is_changed(draft)) == (MODEL, 3, False)
    draft = drafts.save("bike", draft.revision, text(99), by="ada", what="model")
    drafts.roll_back("bike", 2, by="bo")
    assert drafts.draft("bike").model_text == text(99)["model"]
    again = drafts.begin_again("bike", drafts.draft("bike").revision, by="bo")
    assert (again.model_text, again.based_on, again.can_undo) == (text(95)["model"], 4, True)


def test_a_new_product_begins_small_or_like_another(drafts: DraftService) -> None:
    draft = drafts.begin("cargo-bike", Words("Cargo bike", "货运自行车"), by="ada")
    assert "cargo_bike" in draft.model_text
    assert drafts.faults(draft, PLANT) == []
    like = drafts.begin("tandem", Words("Tandem"), by="ada", like="bike")
    assert (like.model_text, like.words.en, like.based_on) == (MODEL, "Tandem", 0)
    for product in ("bike", "tandem"):
        with pytest.raises(ProductTaken):
            drafts.begin(product, Words("Again"), by="ada")
    drafts.publish("cargo-bike", draft.revision, by="ada")
    assert drafts.products.product("cargo-bike").version == 1
    drafts.discard("tandem", like.revision)
    with pytest.raises(UnknownDraft):
        drafts.draft("tandem")


def test_organizations_have_their_own_drafts(database: Database, wall: Wall) -> None:
    with database.work() as connection:
        services = {}
        for name in ("demo", "other"):
            products = ConfigureService(Store(connection, name), wall)
            products.publish(BIKE)
            services[name] = DraftService(DraftStore(connection, name), products, wall, wall.facts.append)
        services["demo"].save("bike", 0, text(95), by="ada", what="model")
        assert services["other"].draft("bike").revision == 0
        services["other"].save("bike", 0, text(99), by="bo", what="model")
        services["other"].discard("bike", 1)
        assert services["demo"].draft("bike").model_text == text(95)["model"]


def test_only_the_last_saves_are_kept(drafts: DraftService, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lotone.configure.service.drafts.KEPT", 3)
    draft = drafts.draft("bike")
    for price in range(91, 99):
        draft = drafts.save("bike", draft.revision, text(price), by="ada", what="tables")
    assert len(drafts.history("bike")) == 3
    draft = drafts.undo("bike", draft.revision, steps=2)
    assert (draft.model_text, draft.can_undo) == (text(96)["model"], False)
