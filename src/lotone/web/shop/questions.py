"""Questions as they are drawn: a click changes few of them, so the others are taken as they were."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from markupsafe import Markup

from lotone.web.page import part
from lotone.web.shop.choosing import Question, Section, Sheet
from lotone.web.shop.days import Days
from lotone.web.shop.wording import Wording

KEPT = 4096


class Questions:
    """Drawn questions by all that they show. Shared by all threads."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[Hashable, Markup] = OrderedDict()
        self._lock = Lock()

    def draw(self, sheet: Sheet, section: Section, question: Question, days: Days, say: Wording) -> Markup:
        key = _key(sheet, section, question, days, say)
        with self._lock:
            if key in self._drawn:
                self._drawn.move_to_end(key)
                return self._drawn[key]
        values = {"sheet": sheet, "section": section, "question": question, "days": days, "say": say}
        drawn = part("shop/question.html", say.reader, values)
        with self._lock:
            self._drawn[key] = drawn
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        return drawn


def _key(sheet: Sheet, section: Section, question: Question, days: Days, say: Wording) -> Hashable:
    options = tuple(
        (option.state, option.difference and option.difference.cents, option.reason, days.later.get(option.name, 0),
         days.is_lost_with(option.name))
        for option in sheet.options_of(question)
    )  # fmt: skip
    return say.reader.language, sheet.product.id, sheet.product.digest, section.id, question.id, options


questions = Questions()
