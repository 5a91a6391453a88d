"""Changes from the fields of a form, in the plant's own time."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from starlette.datastructures import FormData

from lotone.kernel import Invalid, Words

DAYS_MOST = 92


class Kind(NamedTuple):
    """One kind of change as the page offers it."""

    name: str
    words: Words
    icon: str
    explained: Words


KINDS = (
    Kind("shift", Words("Another shift", "增加班次"), "clock", Words("Open hours, week after week", "每周重复的开工时间")),
    Kind("overtime", Words("Overtime", "加班"), "alarm-clock", Words("Hours on some days", "某几天的加班时间")),
    Kind("machine", Words("A machine more", "增加设备"), "plus", Words("Like one that is there", "与现有设备相同")),
    Kind("away", Words("Machine or person away", "设备或人员不在"), "user", Words("For some hours or days", "几小时或几天")),
    Kind("first", Words("An order first", "订单优先"), "flag", Words("Before all others", "先于所有其他订单")),
    Kind("order", Words("A new order", "新订单"), "shopping-bag", Words("That nobody has placed yet", "尚未下单")),
    Kind("supplier_lost", Words("A supplier lost", "失去供应商"), "unplug", Words("Delivers nothing more", "不再供货")),
    Kind(
        "supplier_slower",
        Words("A supplier slower", "供应商变慢"),
        "truck",
        Words("By some days, for everything", "全部晚几天"),
    ),
    Kind("stock_lost", Words("Stock lost", "库存损失"), "package-open", Words("Broken, missing, unfit", "损坏、缺失或不合格")),
    Kind(
        "buy", Words("Buy elsewhere", "向别处采购"), "handshake", Words("Ordered now from one supplier", "现在向某供应商下单")
    ),
    Kind("faster", Words("Faster work", "加快工序"), "zap", Words("A step, work center or machine", "工序、工作中心或设备")),
)
WORDS = {each.name: each.words for each in KINDS}


def change_json(form: FormData, zone: ZoneInfo) -> dict[str, Any]:
    """The JSON of a change from its form. Raises Invalid naming the field."""
    kind = _text(form, "kind")
    read = READ.get(kind)
    if read is None:
        raise Invalid(f"{kind!r} is no kind of change", where="kind")
    return {"kind": kind, **read(form, zone)}


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).strip()[:200]


def _number(form: FormData, name: str, default: float | None = None) -> float:
    text = _text(form, name)
    if not text and default is not None:
        return default
    try:
        return float(text)
    except ValueError as fault:
        raise Invalid(f"{text!r} is not a number", where=name) from fault


def _minute(form: FormData, name: str) -> int:
    text = _text(form, name)
    hours, colon, minutes = text.partition(":")
    if not (colon and hours.isdecimal() and minutes[:2].isdecimal() and int(hours) <= 24 and int(minutes[:2]) < 60):
        raise Invalid(f"{text!r} is not a time of the day such as 22:00", where=name)
    return int(hours) * 60 + int(minutes[:2])


def _span(form: FormData) -> dict[str, int]:
    """From when to when; an end that is not later lies on the next day."""
    start, end = _minute(form, "start"), _minute(form, "end")
    return {"start": start % (24 * 60), "end": end if end > start else end + 24 * 60}


def _day(form: FormData, name: str) -> date:
    text = _text(form, name)
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise Invalid(f"{text!r} is not a day such as 2026-03-02", where=name) from fault


def _moment(form: FormData, name: str, zone: ZoneInfo) -> str:
    text = _text(form, name)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).isoformat()
    except ValueError as fault:
        raise Invalid(f"{text!r} is not a day and a time", where=name) from fault


def _shift(form: FormData, zone: ZoneInfo) -> dict[str, Any]:
    weekdays = [int(str(each)) for each in form.getlist("weekdays") if str(each).isdecimal()]
    return {
        "where": _text(form, "where"),
        "weekdays": weekdays,
        **_span(form),
        "cost_per_hour": _number(form, "cost_per_hour", 0.0),
    }


def _overtime(form: FormData, zone: ZoneInfo) -> dict[str, Any]:
    first = _day(form, "first")
    last = _day(form, "last") if _text(form, "last") else first
    if not 0 <= (last - first).days < DAYS_MOST:
        raise Invalid(f"the last day must follow the first within {DAYS_MOST} days", where="last")
    days = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    span = _span(form) if _text(form, "start") or _text(form, "end") else {}
    return {"where": _text(form, "where"), "days": days, **span, "cost_per_hour": _number(form, "cost_per_hour", 0.0)}


def _machine(form: FormData, zone: ZoneInfo) -> dict[str, Any]:
    count = _number(form, "count", 1)
    return {"like": _text(form, "like"), "count": int(count), "cost_per_day": _number(form, "cost_per_day", 0.0)}


def _away(form: FormData, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "work_unit": _text(form, "work_unit"),
        "start": _moment(form, "start", zone),
        "end": _moment(form, "end", zone),
    }


def _order(form: FormData, zone: ZoneInfo) -> dict[str, Any]:
    found: dict[str, Any] = {
        "product": _text(form, "product"),
        "quantity": int(_number(form, "quantity", 1)),
        "is_first": _text(form, "is_first") == "yes",
    }
    if _text(form, "wanted"):
        found["wanted"] = datetime.combine(_day(form, "wanted"), time(23, 59), zone).isoformat()
    return found


READ: dict[str, Callable[[FormData, ZoneInfo], dict[str, Any]]] = {
    "shift": _shift,
    "overtime": _overtime,
    "machine": _machine,
    "away": _away,
    "first": lambda form, zone: {"order": _text(form, "order")},
    "order": _order,
    "supplier_lost": lambda form, zone: {"supplier": _text(form, "supplier")},
    "supplier_slower": lambda form, zone: {"supplier": _text(form, "supplier"), "days": _number(form, "days")},
    "stock_lost": lambda form, zone: {"part": _text(form, "part"), "quantity": _number(form, "quantity", 0.0)},
    "buy": lambda form, zone: _bought(form),
    "faster": lambda form, zone: {"what": _text(form, "what"), "factor": _number(form, "percent") / 100},
}
"""How the fields of each kind are read."""


def _bought(form: FormData) -> dict[str, Any]:
    part, _, supplier = _text(form, "offer").partition("|")
    return {"part": part, "supplier": supplier, "quantity": _number(form, "quantity")}
