"""When a choice would be ready, and how much earlier or later each option beside it: all from one look at the plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lotone.plan import Promise
from lotone.web.shop.choosing import Sheet, Shown
from lotone.web.shop.wording import Wording
from lotone.wiring import Work


@dataclass(frozen=True)
class Days:
    """The promise for a choice, and those for its options. They are estimates of this moment: nothing is held."""

    promise: Promise | None
    """None where no day can be promised."""
    options: Mapping[str, datetime | None] = field(default_factory=dict)
    """For each option that can be taken, the date with it; None where no day can be promised."""
    later: Mapping[str, int] = field(default_factory=dict)
    """Days later than the choice, where the reader is; negative when it is earlier. Where both can be promised."""

    def is_lost_with(self, option: str) -> bool:
        """Whether taking the option leaves no day that can be promised, while there is one now."""
        return self.promise is not None and option in self.options and self.options[option] is None


AGE_S = 1.0
"""A click may use what another asked of the same plan a moment ago; whoever orders is told anew."""


def days_of(work: Work, shown: Sheet, say: Wording, *, age_s: float = AGE_S, with_options: bool = True) -> Days:
    """One batch of questions for everything that a click can change."""
    options_shown = shown.options.values() if with_options else ()
    asked = {option.name: option.instead for option in options_shown if option.instead is not None}
    (now,) = work.orders.preview_many(shown.product, [shown.choices], age_s=age_s)
    dates = work.orders.preview_dates(shown.product, asked.values(), age_s=age_s)
    options = {name: date if isinstance(date, datetime) else None for name, date in zip(asked, dates, strict=True)}
    if not isinstance(now, Promise):
        return Days(None, options)
    today = say.days_until(now.date)
    return Days(now, options, {name: say.days_until(date) - today for name, date in options.items() if date is not None})


def days_later(work: Work, shown: Sheet, choices: Sequence[str], say: Wording) -> int:
    """Days later with other choices; 0 too where one of the two can't be promised."""
    now, then = work.orders.preview_many(shown.product, [shown.choices, choices], age_s=AGE_S)
    if not isinstance(now, Promise) or not isinstance(then, Promise):
        return 0
    return say.days_until(then.date) - say.days_until(now.date)


@dataclass(frozen=True)
class Sooner:
    """Another option that is ready on an earlier day."""

    option: Shown
    date: datetime
    days: int


def soonest(days: Days, shown: Sheet) -> list[tuple[str, Sooner]]:
    """For each question that can be answered sooner, its id and the soonest other answer, of several the nearest in price."""
    found = []
    for question in shown.questions:
        ways = [
            (date, abs(option.difference.cents) if option.difference else 0, name)
            for name in (question.members if question.is_single else ())
            if (option := shown.options[name]).instead is not None
            and (date := days.options.get(name)) is not None
            and days.later.get(name, 0) < 0
        ]
        if ways:
            date, _, name = min(ways)
            found.append((date, question.id, Sooner(shown.options[name], date, -days.later[name])))
    return [(question, one) for _, question, one in sorted(found, key=lambda each: each[:2])]
