"""The draft of a product's next version: content that people change step by step, and that may be broken meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lotone.configure.model.fault import Faulty
from lotone.configure.model.product import Product
from lotone.kernel import Conflict, Invalid, NotFound, Words

PARTS = ("words", "hint", "model", "currency", "demand", "option_words", "start", "picture")
"""What a draft consists of, as in `Product.content()`. Tables are well formed always; the model may be any text."""
FIRST_MODEL = "features\n    {0}\n        optional\n            first_option {{Price 0}}\n"


class DraftMoved(Conflict):
    """Somebody saved the draft since it was read: nothing is overwritten. `draft` is the draft as it is now."""

    def __init__(self, draft: "Draft") -> None:
        who = f" by {draft.saved_by}" if draft.saved_by else ""
        super().__init__(f"the draft of {draft.product} was saved{who} since you opened it; yours was not written over it")
        self.draft = draft


class UnknownDraft(NotFound):
    """There is neither a draft nor a version of such a product."""


class NothingToUndo(Conflict):
    """The draft has no earlier (or no later) save."""


class ProductTaken(Conflict):
    """There is already a product with this id."""


class WrongDraft(Invalid):
    """Content that is no draft: a table without a column, a condition that can't be read."""


class BrokenDraft(Faulty):
    """A draft that can't be published; `faults` has every one with its place."""


@dataclass(frozen=True)
class Draft:
    """A draft as it is shown. Who changes it says which `revision` she saw."""

    product: str
    revision: int
    """0 when nobody changed anything yet: then the content is that of version `based_on`."""
    content: Mapping[str, Any] = field(repr=False)
    based_on: int = 0
    """The version from which it began; 0 for a product that was never published."""
    saved_at: datetime | None = None
    saved_by: str = ""
    what: str = ""
    """What was changed last: model, tables, words, undo and so on."""
    can_undo: bool = False
    can_redo: bool = False

    @property
    def words(self) -> Words:
        return Words.from_dict(self.content["words"])

    @property
    def model_text(self) -> str:
        return str(self.content["model"])

    @property
    def as_product(self) -> Product:
        """The product that it would be."""
        return Product.from_content(self.product, self.content)

    def as_json(self) -> dict[str, Any]:
        return {
            "product": self.product,
            "revision": self.revision,
            "based_on": self.based_on,
            "saved_at": self.saved_at.isoformat() if self.saved_at else None,
            "saved_by": self.saved_by,
            "what": self.what,
            "can_undo": self.can_undo,
            "can_redo": self.can_redo,
            **{name: self.content[name] for name in PARTS},
        }


def first_content(product: str, words: Words, currency: str) -> dict[str, Any]:
    """What a new product begins with: a model of two features, to be replaced."""
    model = FIRST_MODEL.format(product.replace("-", "_"))
    return Product(id=product, words=words, model_text=model, currency=currency).content()
