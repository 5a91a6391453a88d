"""A product family as it is published: its model, words, demand and picture, all of one version."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from lotone.configure.model.demand import DemandRules
from lotone.configure.model.picture import Picture
from lotone.kernel import Words


@dataclass(frozen=True)
class OptionWords:
    """How a feature is called in the shop, and one line of help."""

    name: Words
    hint: Words = field(default_factory=lambda: Words(en=""))


@dataclass(frozen=True)
class Product:
    """A product family. `version` and `published_at` are set when it is published."""

    id: str
    words: Words
    model_text: str = field(repr=False)
    """The feature model in UVL."""
    hint: Words = field(default_factory=lambda: Words(en=""))
    currency: str = "EUR"
    demand: DemandRules = field(default_factory=DemandRules, repr=False)
    option_words: Mapping[str, OptionWords] = field(default_factory=dict, repr=False)
    start: tuple[str, ...] = ()
    """The choices with which the shop opens."""
    picture: Picture | None = field(default=None, repr=False)
    version: int = 0
    published_at: datetime | None = None

    def words_of(self, feature: str) -> Words:
        """What a feature is called; its own name when it has no words."""
        return self.option_words[feature].name if feature in self.option_words else Words(en=feature)

    @cached_property
    def names(self) -> dict[str, Words]:
        return {feature: words.name for feature, words in self.option_words.items()}

    def content(self) -> dict[str, Any]:
        """Everything but version and moment, as plain values."""
        words = {
            feature: {"name": text.name.as_dict(), "hint": text.hint.as_dict()} for feature, text in self.option_words.items()
        }
        return {
            "words": self.words.as_dict(),
            "hint": self.hint.as_dict(),
            "model": self.model_text,
            "currency": self.currency,
            "demand": self.demand.as_json(),
            "option_words": words,
            "start": list(self.start),
            "picture": self.picture.as_json() if self.picture else None,
        }

    @cached_property
    def digest(self) -> str:
        """The same for products that say the same."""
        text = json.dumps(self.content(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def with_version(self, version: int, published_at: datetime) -> "Product":
        return replace(self, version=version, published_at=published_at)

    @classmethod
    def from_content(cls, product: str, content: Mapping[str, Any]) -> "Product":
        words = {
            feature: OptionWords(Words.from_dict(text["name"]), Words.from_dict(text["hint"]))
            for feature, text in content["option_words"].items()
        }
        return cls(
            id=product,
            words=Words.from_dict(content["words"]),
            hint=Words.from_dict(content["hint"]),
            model_text=content["model"],
            currency=content["currency"],
            demand=DemandRules.from_json(content["demand"]),
            option_words=words,
            start=tuple(content["start"]),
            picture=Picture.from_json(content["picture"]) if content["picture"] else None,
        )
