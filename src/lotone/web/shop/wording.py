"""How the shop says prices, days and promises to its reader."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import east_asian_width

from babel.dates import format_datetime
from babel.numbers import format_currency
from fastapi import Request
from markupsafe import Markup

from lotone.kernel import Money
from lotone.web.access import platform_of
from lotone.web.page import reader_of
from lotone.web.reader import Reader
from lotone.web.shop.choosing import Shown

MINUS = "\N{MINUS SIGN}"
ODDS = 10
LONGEST_SEGMENT = 6
"""Options whose names have at most so many letters stand side by side."""
WIDE = 2
"""Letters that one Chinese character takes the room of."""


@dataclass(frozen=True)
class Wording:
    """Formats of the shop for one reader; `now` is the plant's time, as promises are."""

    reader: Reader
    now: datetime

    def price(self, money: Money) -> str:
        """Whole amounts without decimals: shoppers read `€2,885`."""
        style = "¤#,##0" if money.cents % 100 == 0 else None
        amount = money.cents / 100
        text = format_currency(
            abs(amount), money.currency, format=style, locale=self.reader.locale, currency_digits=style is None
        )
        return f"{MINUS}{text}" if amount < 0 else text

    def difference(self, money: Money | None) -> str:
        """`+€190`, and nothing for no difference."""
        if money is None or money.cents == 0:
            return ""
        return f"+{self.price(money)}" if money.cents > 0 else self.price(money)

    def day(self, moment: datetime) -> Markup:
        """`Thursday 3 December`"""
        return self._time(moment, "EEEE d MMMM", "M月d日EEEE")

    def day_and_time(self, moment: datetime) -> Markup:
        """`Thursday 3 December, 18:00`"""
        return self._time(moment, "EEEE d MMMM, HH:mm", "M月d日EEEE HH:mm")

    def short(self, moment: datetime) -> Markup:
        """`Thu 18:00`, or with its date when it is not within a week."""
        if abs((moment - self.now).days) < 6:
            return self._time(moment, "EEE HH:mm", "EEE HH:mm")
        return self._time(moment, "d MMM HH:mm", "M月d日 HH:mm")

    def _time(self, moment: datetime, english: str, chinese: str) -> Markup:
        reader = self.reader
        style = chinese if reader.language == "zh" else english
        text = format_datetime(moment.astimezone(reader.tz), style, locale=reader.locale)
        title = f"{reader.moment_text(moment, 'second')} {reader.zone}"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), title, text)

    def day_and_time_shortly(self, moment: datetime) -> Markup:
        """`Thu 3 Dec, 18:00`, where there is little room."""
        return self._time(moment, "EEE d MMM, HH:mm", "M月d日EEE HH:mm")

    def are_short(self, options: Iterable[Shown]) -> bool:
        """Whether the names of all these options fit side by side."""
        names = (self.reader.words(option.words) for option in options)
        return all(sum(WIDE if east_asian_width(sign) == "W" else 1 for sign in name) <= LONGEST_SEGMENT for name in names)

    def days_until(self, moment: datetime) -> int:
        """Midnights between now and then, where the reader is."""
        return (moment.astimezone(self.reader.tz).date() - self.now.astimezone(self.reader.tz).date()).days

    def odds(self, probability: float) -> int:
        """How many of ten such promises are kept."""
        return int(probability * ODDS + 1e-9)


def wording(request: Request) -> Wording:
    return Wording(reader_of(request), platform_of(request).plant())


def spoken(request: Request) -> dict[str, Any]:
    """What templates of the shop see besides what all templates see."""
    return {"say": wording(request), "shop": request.path_params["shop"], "odds_of": ODDS}
