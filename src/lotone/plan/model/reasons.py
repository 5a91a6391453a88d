"""Reasons in words, in every language, made from their parts."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from lotone.kernel import Words
from lotone.plan.model.promise import Binding, BindingKind
from lotone.plan.model.settings import PlanSettings

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS_ZH = "一二三四五六日"
THIS_WEEK = timedelta(days=6)
"""Up to here a weekday alone says which day is meant."""
NAMED_HOURS = 0.5
"""What takes less than this is not worth naming."""


def moment(at: datetime, now: datetime, settings: PlanSettings) -> Words:
    """A moment as people in the plant say it: "Thu 14:00", or with the date when it is further away."""
    local = at.astimezone(settings.zone)
    clock = f"{local:%H:%M}"
    if timedelta() <= at - now < THIS_WEEK:
        return Words(f"{WEEKDAYS[local.weekday()]} {clock}", f"周{WEEKDAYS_ZH[local.weekday()]}{clock}")
    date = day(at, settings)
    return Words(f"{date.en} {clock}", f"{date.zh}{clock}")


def day(at: datetime, settings: PlanSettings) -> Words:
    local = at.astimezone(settings.zone)
    english = f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
    return Words(english, f"{local.month}月{local.day}日")


def sentence(binding: Binding, now: datetime, settings: PlanSettings) -> Words:
    """One binding in words: "paint-1 is busy until Thu 14:00"."""
    until = moment(binding.until, now, settings)
    subject, subject_zh = binding.subject.en, binding.subject.in_language("zh")
    match binding.kind:
        case BindingKind.MACHINE:
            return Words(f"{subject} is busy until {until.en}", f"{subject_zh}忙到{until.zh}")
        case BindingKind.CALENDAR:
            return Words(f"{subject} does not work until {until.en}", f"{subject_zh}到{until.zh}才开工")
        case BindingKind.REPAIR:
            return Words(f"{subject} is being repaired until {until.en}", f"{subject_zh}正在维修，到{until.zh}")
        case BindingKind.MATERIAL:
            return _arrival(binding, day(binding.until, settings))
        case BindingKind.OPERATION:
            return Words(f"the work itself takes {binding.hours:.1f} hours", f"加工本身需要{binding.hours:.1f}小时")


def _arrival(binding: Binding, on: Words) -> Words:
    subject, subject_zh = binding.subject.en, binding.subject.in_language("zh")
    if binding.supplier is None:
        return Words(f"{subject} arrives on {on.en}", f"{subject_zh}{on.zh}到货")
    supplier, supplier_zh = binding.supplier.en, binding.supplier.in_language("zh")
    return Words(f"{subject} arrives from {supplier} on {on.en}", f"{supplier_zh}的{subject_zh}{on.zh}到货")


def reason(binding: Sequence[Binding], now: datetime, settings: PlanSettings) -> Words:
    """What binds most, and the next when it binds at least half as long; the work itself when nothing waits."""
    waits = [each for each in binding if each.kind is not BindingKind.OPERATION and each.hours >= NAMED_HOURS]
    named = [each for each in waits[:2] if each.hours >= waits[0].hours / 2] or list(binding[:1])
    return joined([sentence(each, now, settings) for each in named])


def joined(sentences: Sequence[Words]) -> Words:
    return Words("; ".join(each.en for each in sentences), "；".join(each.in_language("zh") for each in sentences))
