"""Who reads: language, time zone, theme, and the formats that follow from them."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from babel.support import Translations
from markupsafe import Markup

from lotone.kernel import LANGUAGES, Money, Words

FOLDER = Path(__file__).parent
LOCALES = {"en": Locale("en", "GB"), "zh": Locale("zh", "CN", script="Hans")}
THEMES = ("auto", "light", "dark")
_SKELETONS = {"date": "yMMMd", "day": "MMMEd", "time": "Hm", "moment": "yMMMdHm", "second": "yMMMdHms"}


@dataclass(frozen=True)
class Reader:
    """How one person wants to read. Everything that formats for her is a method, in Python as in templates."""

    language: str = "en"
    zone: str = "UTC"
    zone_guessed: bool = True
    """Nobody told her zone yet; the page's script will."""
    theme: str = "auto"

    @property
    def locale(self) -> Locale:
        return LOCALES[self.language]

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def say(self, text: str, /, **values: object) -> str:
        """The translation of an English text of ours; `%(name)s` is filled in."""
        return translations(self.language).gettext(text) % values if values else translations(self.language).gettext(text)

    def words(self, words: Words | None) -> str:
        return words.in_language(self.language) if words else ""

    def number(self, value: float | None, unit: str = "", *, digits: int = 2) -> str:
        """A number with at most so many decimals, and its unit; a dash when there is none."""
        if value is None:
            return "–"
        text = format_decimal(round(value, digits), format=f"#,##0.{'#' * digits}", locale=self.locale)
        return f"{text} {unit}".strip()

    def money(self, amount: Money | None) -> str:
        return "–" if amount is None else format_currency(amount.cents / 100, amount.currency, locale=self.locale)

    def percent(self, part: float | None, *, digits: int = 0) -> str:
        return "–" if part is None else f"{self.number(part * 100, digits=digits)} %"

    def duration(self, length: timedelta | float) -> str:
        """A stretch of time (or its seconds) in its largest fitting unit: `2 hours`."""
        seconds = length.total_seconds() if isinstance(length, timedelta) else length
        return format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=self.locale)

    def minutes(self, minutes: float) -> str:
        """Working time as people in a plant write it: `1 h 25 min`."""
        hours, rest = divmod(round(minutes), 60)
        return f"{hours} h {rest:02d} min" if hours else f"{rest} min"

    def moment_text(self, moment: datetime, style: str = "moment") -> str:
        local = moment.astimezone(self.tz)
        if style == "date":
            return format_date(local, "medium", locale=self.locale)
        if style == "day":
            return format_datetime(local, "EEE d MMM" if self.language == "en" else "M月d日 EEE", locale=self.locale)
        if style == "time":
            return format_time(local, "HH:mm", locale=self.locale)
        clock = format_time(local, "HH:mm:ss" if style == "second" else "HH:mm", locale=self.locale)
        return f"{format_date(local, 'medium', locale=self.locale)} {clock}"

    def moment(self, moment: datetime | None, style: str = "moment", *, plant_zone: str = "") -> Markup:
        """A `<time>` in the reader's zone, with the plant's time on hover where its zone is given."""
        if moment is None:
            return Markup("–")
        title = f"{self.moment_text(moment, 'second')} {self.zone}"
        if plant_zone and plant_zone != self.zone:
            there = Reader(self.language, plant_zone).moment_text(moment, "second")
            title += f"\n{there} {plant_zone}"
        return Markup('<time datetime="{}" data-style="{}" title="{}">{}</time>').format(
            moment.isoformat(), style, title, self.moment_text(moment, style)
        )

    def age(self, moment: datetime | None, *, stale: float | None = None, clock: str = "wall") -> Markup:
        """How long ago, kept up to date by the page; `clock` is `plant` for what machines and the schedule say."""
        if moment is None:
            return Markup("<lo-age></lo-age>")
        limit = Markup(' stale="{}"').format(stale) if stale is not None else Markup("")
        return Markup('<lo-age at="{}" clock="{}"{}>{}</lo-age>').format(
            moment.isoformat(), clock, limit, self.moment_text(moment)
        )


READER: ContextVar[Reader] = ContextVar("reader")
"""The reader for whom a template is being rendered; filters and macros read it."""


def read_preferences(
    *,
    query: Mapping[str, str],
    cookies: Mapping[str, str],
    accept_language: str,
    user_language: str = "",
    user_zone: str = "",
    default_zone: str = "UTC",
) -> Reader:
    """Language from the address, the cookie, the account, the browser, in this order; the zone likewise."""
    asked = query.get("lang") or cookies.get("lang") or user_language
    language = asked if asked in LANGUAGES else _negotiate(accept_language)
    zone = user_zone or cookies.get("tz", "").replace("%2F", "/")
    known = zone in _zones()
    theme = cookies.get("theme", "auto")
    return Reader(language, zone if known else default_zone, not known, theme if theme in THEMES else "auto")


def _negotiate(accept_language: str) -> str:
    wanted: list[tuple[float, int, str]] = []
    for item in accept_language.split(",")[:20]:
        name, _, quality = item.partition(";q=")
        try:
            wanted.append((-float(quality or 1), len(wanted), name.strip().partition("-")[0]))
        except ValueError:
            continue
    return negotiate_locale([name for _, _, name in sorted(wanted)], list(LANGUAGES)) or LANGUAGES[0]


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def zones() -> list[str]:
    """Time zones to choose from, without the historical duplicates."""
    continents = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
    return sorted(name for name in _zones() if name == "UTC" or name.startswith(continents))


@cache
def translations(language: str) -> Translations:
    """All catalogs of one language as one: every folder of pages keeps its own `<language>.po`."""
    merged = Translations()
    for path in sorted(FOLDER.rglob(f"{language}.po")):
        merged.merge(_catalog(path))
    if language == "zh":
        merged.plural = lambda _number: 0  # one form for all numbers
    return merged


def _catalog(path: Path) -> Translations:
    """The compiled catalog, or the source where somebody has just edited it."""
    compiled = path.with_suffix(".mo")
    if compiled.is_file() and compiled.stat().st_mtime >= path.stat().st_mtime:
        with compiled.open("rb") as file:
            return Translations(file)
    with path.open("rb") as source:
        catalog = Translations()
        texts: dict[Any, Any] = {}
        for message in read_po(source, locale=path.stem):
            if not message.id or not message.string or message.fuzzy:
                continue
            if isinstance(message.id, list | tuple):
                texts |= {(message.id[0], number): text for number, text in enumerate(message.string)}
            else:
                texts[message.id] = message.string
        catalog._catalog = texts
        catalog.plural = lambda _number: 0 if path.stem == "zh" else int(_number != 1)
        return catalog
