"""An offer for a configuration or for a held quote, put into the reader's words for `paper`."""

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_datetime
from fastapi import Request
from starlette.responses import Response

from lotone.kernel import Money, Words
from lotone.plan import Promise
from lotone.web.access import platform_of
from lotone.web.shop.choosing import Sheet
from lotone.web.shop.paper import Paper, pdf_of, plain
from lotone.web.shop.wording import ODDS, Wording, wording

VALID_DAYS = 14
"""A price that nothing holds stands for so long, while this version of the product is sold."""


@dataclass(frozen=True)
class Offered:
    """What is offered. `until` is set while price and day are held for a quote."""

    shown: Sheet
    seller: Words
    price: Money
    promise: Promise | None
    quantity: int = 1
    number: str = ""
    until: datetime | None = None


def answer(request: Request, offered: Offered) -> Response:
    """The offer as a PDF that opens in the browser."""
    name = f"{offered.shown.product.id}-{offered.number or 'offer'}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return Response(offer_pdf(request, offered), media_type="application/pdf", headers=headers)


def offer_pdf(request: Request, offered: Offered) -> bytes:
    return pdf_of(_paper(offered, wording(request), platform_of(request).wall()))


def _paper(offered: Offered, say: Wording, wall: datetime) -> Paper:
    reader, shown = say.reader, offered.shown
    picture = shown.product.picture
    version = reader.say("version %(number)s", number=shown.product.version)
    return Paper(
        title=reader.say("Offer"),
        seller=reader.words(offered.seller),
        made=" · ".join(filter(None, [_day(say, wall), offered.number, version])),
        product=reader.words(shown.product.words),
        picture=plain(picture, shown.configuration) if picture else "",
        figures=[_price(offered, say), _ready(offered, say), _valid(offered, say)],
        options_title=reader.say("What you chose"),
        options=[
            (reader.words(question.words), reader.say(", ").join(reader.words(option.words) for option in taken))
            for question in shown.questions
            if (taken := shown.chosen_of(question))
        ],
        footer=reader.say("Made by LotOne from the machines, parts and orders of %(moment)s.", moment=_moment(say, wall)),
        language=reader.language,
        at=wall,
    )


def _price(offered: Offered, say: Wording) -> tuple[str, str, str]:
    each = Money(offered.price.cents // offered.quantity, offered.price.currency)
    small = f"{offered.quantity} × {say.price(each)}" if offered.quantity > 1 else ""
    return say.reader.say("Price"), say.price(offered.price), small


def _ready(offered: Offered, say: Wording) -> tuple[str, str, str]:
    reader, promise = say.reader, offered.promise
    if promise is None:
        return reader.say("Ready for you"), reader.say("No day can be promised now"), ""
    odds = reader.say("%(kept)s of %(of)s such promises are kept", kept=say.odds(promise.probability), of=ODDS)
    reason = f"{reader.say('because')} {reader.words(promise.reason)}"
    return reader.say("Ready for you"), f"{_moment(say, promise.date)} ({reader.zone})", f"{odds} · {reason}"


def _valid(offered: Offered, say: Wording) -> tuple[str, str, str]:
    reader = say.reader
    if offered.until is not None:
        small = reader.say("Day and price are held until then; afterwards the day is asked for anew.")
        return reader.say("Valid until"), _moment(say, offered.until), small
    small = reader.say("The day is an estimate of this moment: it is held as soon as you ask for the order.")
    return reader.say("Valid"), reader.say("The price: %(days)s days", days=VALID_DAYS), small


def _day(say: Wording, moment: datetime) -> str:
    return _formatted(say, moment, "d MMMM y", "y年M月d日")


def _moment(say: Wording, moment: datetime) -> str:
    return _formatted(say, moment, "EEEE d MMMM y, HH:mm", "y年M月d日EEEE HH:mm")


def _formatted(say: Wording, moment: datetime, english: str, chinese: str) -> str:
    style = chinese if say.reader.language == "zh" else english
    return format_datetime(moment.astimezone(say.reader.tz), style, locale=say.reader.locale)
