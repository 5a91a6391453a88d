"""Words for people in the languages of the platform, and amounts of money."""

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class Words:
    """One short text in every language; a missing translation falls back to English."""

    en: str
    zh: str = ""

    def in_language(self, language: str) -> str:
        return self.zh if language.startswith("zh") and self.zh else self.en

    def __str__(self) -> str:
        return self.en

    def as_dict(self) -> dict[str, str]:
        return {"en": self.en, "zh": self.zh}

    @classmethod
    def from_dict(cls, texts: Mapping[str, str]) -> "Words":
        return cls(en=texts.get("en", ""), zh=texts.get("zh", ""))


@dataclass(frozen=True, order=True)
class Money:
    """An amount in the currency's smallest unit (cents): sums are exact."""

    cents: int
    currency: str = "EUR"

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.cents + other.cents, self.currency)

    def __str__(self) -> str:
        return f"{self.cents / 100:.2f} {self.currency}"
