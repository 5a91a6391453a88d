"""Times as they are said in the plant: the schedule, its reasons and its pages all speak of the plant's own time zone."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from markupsafe import Markup

from lotone.web.reader import Reader


@dataclass(frozen=True)
class PlantTime:
    """Moments for one reader in the plant's zone; her own zone's time is on hover where it differs."""

    reader: Reader
    zone: str

    @cached_property
    def there(self) -> Reader:
        return Reader(self.reader.language, self.zone, zone_guessed=False)

    @cached_property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def text(self, moment: datetime, style: str = "short") -> str:
        """`short` is a day and a time ("Thu 5 Mar 18:00"); other styles are the reader's."""
        if style == "short":
            return f"{self.there.moment_text(moment, 'day')} {self.there.moment_text(moment, 'time')}"
        return self.there.moment_text(moment, style)

    def at(self, moment: datetime | None, style: str = "short") -> Markup:
        """A `<time>` element."""
        if moment is None:
            return Markup("–")
        title = f"{self.there.moment_text(moment, 'second')} {self.zone}"
        if self.reader.zone != self.zone:
            title += f"\n{self.reader.moment_text(moment, 'second')} {self.reader.zone}"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(moment.isoformat(), title, self.text(moment, style))

    def span(self, start: datetime, end: datetime) -> Markup:
        """From one moment to another; the day is said once when it is the same."""
        is_one_day = self.day_of(start) == self.day_of(end)
        return Markup("{} – {}").format(self.at(start), self.at(end, "time" if is_one_day else "short"))

    def length(self, stretch: timedelta) -> str:
        """Working time as people in a plant say it; from two days on, days and hours."""
        sign = "−" if stretch < timedelta() else ""
        hours = abs(stretch) // timedelta(hours=1)
        if hours < 48:
            return sign + self.reader.minutes(abs(stretch) / timedelta(minutes=1))
        return sign + self.reader.say("%(days)s d %(hours)s h", days=hours // 24, hours=hours % 24)

    def day_of(self, moment: datetime) -> date:
        """Which day it is in the plant."""
        return moment.astimezone(self.tz).date()

    def local(self, moment: datetime) -> str:
        """As a field for date and time takes it: to the minute, without a zone."""
        return f"{moment.astimezone(self.tz):%Y-%m-%dT%H:%M}"

    def midnights(self, first: date, count: int) -> list[datetime]:
        """So many midnights of the plant in a row; between two are 23 to 25 hours."""
        return [datetime.combine(first + timedelta(days=number), time(), self.tz).astimezone(UTC) for number in range(count)]
