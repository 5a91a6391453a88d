"""Use cases around drafts: change, undo, check, publish. Two editors never overwrite each other without being told."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lotone.configure.facts import DraftSaved
from lotone.configure.model.draft import (
    PARTS,
    BrokenDraft,
    Draft,
    DraftMoved,
    NothingToUndo,
    ProductTaken,
    UnknownDraft,
    WrongDraft,
    first_content,
)
from lotone.configure.model.fault import Fault
from lotone.configure.model.product import Product
from lotone.configure.model.version import NothingNew
from lotone.configure.service.checking import faults_of
from lotone.configure.service.products import ConfigureService
from lotone.configure.store_drafts import DraftStore
from lotone.kernel import Clock, LotOneError, Tell, Words

KEPT = 100
"""Saves that one can go back. Of a large model fewer are kept, so that a draft stays below some hundred MB."""
LARGE = 500_000
KEPT_LARGE = 10
TYPING = timedelta(seconds=20)
"""Saves of the same person within this time are one step back: nobody undoes word by word."""


@dataclass(frozen=True)
class Plant:
    """What the plant has, to check tables against: ids of parts, and the machines of each work center."""

    parts: Collection[str]
    work_centers: Mapping[str, Collection[str]]


@dataclass(frozen=True)
class Saved:
    """One save in a draft's history, without its content."""

    position: int
    at: datetime
    by: str
    what: str
    is_shown: bool


class DraftService:
    """Drafts of one organization. `revision` is always the one that the caller saw: a newer one raises DraftMoved."""

    def __init__(self, store: DraftStore, products: ConfigureService, clock: Clock, tell: Tell) -> None:
        self.store = store
        self.products = products
        self.clock = clock
        self.tell = tell

    # -- reading

    def draft(self, product: str) -> Draft:
        """The draft; where nobody changed anything yet, the current version as a draft. Raises UnknownDraft."""
        row = self.store.draft(product)
        if row is None:
            return self._untouched(product)
        saves = self.store.saves(product)
        shown = next(save for save in saves if save.position == row.position)
        return Draft(
            product=product,
            revision=row.revision,
            content=self.store.content(product, row.position),
            based_on=row.based_on,
            saved_at=shown.saved_at,
            saved_by=shown.saved_by,
            what=shown.what,
            can_undo=any(save.position < row.position for save in saves),
            can_redo=any(save.position > row.position for save in saves),
        )

    def _untouched(self, product: str) -> Draft:
        versions = self.products.all_versions().get(product)
        if not versions:
            raise UnknownDraft(f"there is no product {product}")
        current = next((one for one in versions if one.state == "current"), versions[0])
        content = self.products.product(product, current.number).content()
        return Draft(product, 0, content, current.number, current.published_at, current.published_by)

    def open_drafts(self) -> dict[str, int]:
        """The products with a draft that was changed, and the version on which each is based."""
        return {product: row.based_on for product, row in self.store.drafts().items()}

    def history(self, product: str) -> list[Saved]:
        """Every save that one can go back or forward to, the newest first."""
        row = self.store.draft(product)
        if row is None:
            return []
        return [
            Saved(save.position, save.saved_at, save.saved_by, save.what, save.position == row.position)
            for save in self.store.saves(product)
        ]

    def is_changed(self, draft: Draft) -> bool:
        """Does the draft say something else than the version on which it is based?"""
        if draft.revision == 0:
            return False
        if draft.based_on == 0:
            return True
        return draft.as_product.digest != self.products.version(draft.product, draft.based_on).digest

    # -- changing

    def begin(self, product: str, words: Words, *, by: str, currency: str = "EUR", like: str = "") -> Draft:
        """The draft of a new product, from scratch or like another one. Raises ProductTaken, UnknownDraft."""
        if self.store.draft(product) is not None or product in self.products.all_versions():
            raise ProductTaken(f"there is already a product {product}", where="product")
        content = {**self.draft(like).content, "words": words.as_dict()} if like else first_content(product, words, currency)
        return self._save(product, 0, content, position=1, based_on=0, by=by, what="begin")

    def save(self, product: str, revision: int, changes: Mapping[str, Any], *, by: str, what: str) -> Draft:
        """Change some parts of the draft. Raises DraftMoved, WrongDraft, UnknownDraft."""
        before = self._seen(product, revision)
        unknown = sorted(changes.keys() - set(PARTS))
        if unknown:
            raise WrongDraft(f"a draft has no part '{unknown[0]}'; it has {', '.join(PARTS)}")
        content = well_formed(product, {**before.content, **changes})
        if content == before.content:
            return before
        return self._save(
            product, revision, content, position=self._next(before, by, what), based_on=before.based_on, by=by, what=what
        )

    def _next(self, before: Draft, by: str, what: str) -> int:
        """Where the save goes: what one types in one go is one step."""
        row = self.store.draft(before.product)
        if row is None:
            self._keep(before.product, 0, dict(before.content), by="", what="begin")
            return 1
        is_typing = what == before.what == "model" and by == before.saved_by and not before.can_redo
        is_recent = before.saved_at is not None and self.clock() - before.saved_at < TYPING
        return int(row.position) + (0 if is_typing and is_recent else 1)

    def undo(self, product: str, revision: int, *, steps: int = 1) -> Draft:
        """Back to an earlier save (or forward, with a negative number). Raises NothingToUndo, DraftMoved."""
        self._seen(product, revision)
        row = self.store.draft(product)
        position = (row.position if row else 0) - steps
        if row is None or all(save.position != position for save in self.store.saves(product)):
            raise NothingToUndo(f"the draft of {product} has no {'earlier' if steps > 0 else 'later'} save to go to")
        self._move(product, revision, position, row.based_on)
        return self.draft(product)

    def begin_again(self, product: str, revision: int, *, by: str) -> Draft:
        """The content of the current version into the draft, as one more save that can be undone."""
        current = self._untouched(product)
        if revision == 0:
            return current
        before = self._seen(product, revision)
        row = self.store.draft(before.product)
        return self._save(
            product,
            revision,
            dict(current.content),
            position=row.position + 1 if row else 1,
            based_on=current.based_on,
            by=by,
            what="again",
        )

    def discard(self, product: str, revision: int) -> None:
        """A draft that was never published goes altogether. Raises DraftMoved."""
        self._seen(product, revision)
        self.store.forget(product)

    # -- publishing

    def faults(self, draft: Draft, plant: Plant | None = None) -> list[Fault]:
        """What keeps it from being published, each at its place."""
        known = {"parts": plant.parts, "work_centers": plant.work_centers} if plant else {}
        return faults_of(draft.as_product, **known)  # type: ignore[arg-type]

    def publish(
        self,
        product: str,
        revision: int,
        *,
        by: str,
        at: datetime | None = None,
        note: str = "",
        plant: Plant | None = None,
    ) -> Product:
        """The draft becomes the next version, sold now or from `at` on.

        Raises BrokenDraft with every fault, NothingNew, DraftMoved, WrongMoment.
        """
        draft = self._seen(product, revision)
        faults = self.faults(draft, plant)
        if faults:
            raise BrokenDraft(faults)
        versions = self.products.all_versions().get(product, [])
        if versions and versions[0].digest == draft.as_product.digest:
            raise NothingNew(f"version {versions[0].number} of {product} says the same already")
        published = self.products.publish(draft.as_product, at=at, by=by, note=note)
        row = self.store.draft(product)
        if row is not None:
            self._move(product, revision, row.position, published.version)
        return published

    def roll_back(self, product: str, version: int, *, by: str) -> Product:
        """An earlier version becomes current again; a draft that nobody changed since the last version follows it."""
        row = self.store.draft(product)
        draft = self.draft(product)
        follows = row is not None and not self.is_changed(draft)
        published = self.products.roll_back(product, version, by=by)
        if row is not None and follows:
            content = published.content()
            what, position = "roll_back", row.position + 1
            self._save(product, row.revision, content, position=position, based_on=published.version, by=by, what=what)
        return published

    # -- inside

    def _seen(self, product: str, revision: int) -> Draft:
        draft = self.draft(product)
        if draft.revision != revision:
            raise DraftMoved(draft)
        return draft

    def _save(
        self, product: str, revision: int, content: dict[str, Any], *, position: int, based_on: int, by: str, what: str
    ) -> Draft:
        self._move(product, revision, position, based_on)
        self._keep(product, position, content, by=by, what=what)
        return self.draft(product)

    def _keep(self, product: str, position: int, content: dict[str, Any], *, by: str, what: str) -> None:
        keep = KEPT_LARGE if len(content["model"]) > LARGE else KEPT
        self.store.put_save(product, position, at=self.clock(), by=by, what=what, content=content, keep=keep)

    def _move(self, product: str, revision: int, position: int, based_on: int) -> None:
        if not self.store.move(product, revision=revision, position=position, based_on=based_on):
            raise DraftMoved(self.draft(product))
        self.tell(DraftSaved(product, revision + 1))


def well_formed(product: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as it is kept, with every table complete. Raises WrongDraft; the model may be any text."""
    try:
        made = Product.from_content(product, content)
        if not isinstance(made.model_text, str):
            raise WrongDraft("expected the model as a text in UVL", where="model")
        complete = made.content()
        json.dumps(
            complete, ensure_ascii=False, allow_nan=False
        ).encode()  # halves of letters and NaN break every later reader
        return complete
    except LotOneError as fault:
        raise WrongDraft(fault.message, where=fault.where) from fault
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise WrongDraft(f"the draft can't be read: {fault!r}") from fault
