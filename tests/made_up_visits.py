"""Visits of made-up shoppers to the electric bicycle, and their counts."""

import random
from datetime import date, timedelta

from lotone.configure import Cause, Tally, Visit, configurator_of
from lotone.kernel import Words
from lotone.wiring import Platform


def made_up(platform: Platform, visits: int, days: int, today: date, chance: random.Random) -> Tally:
    with platform.look("demo") as work:
        product = work.configure.product("ebike")
        machine = work.assets.equipment_called("paint-1").words
        part = next(iter(work.assets.parts().values())).words
    configurator = configurator_of(product)
    causes = [
        Cause("machine", machine), Cause("material", part, Words("Kraft", "克拉夫特")), Cause("operation", Words("")),
        Cause("repair", Words("old-oven", "旧烘箱")),
    ]  # fmt: skip
    tally = Tally()
    for _ in range(visits):
        visit = Visit("ebike", today - timedelta(days=int(days * chance.random() ** 1.4)))
        choices = list(configurator.options(product.start).selected)
        visit.choose(choices, 285_000, "EUR", taken=())
        visit.promise(2 + chance.randrange(3), causes[2])
        for _ in range(chance.randrange(5)):
            wanted = chance.choice(configurator.options(choices).switchable + configurator.options(choices).possible)
            why = configurator.explain(choices, wanted)
            before, choices = choices, [*(name for name in choices if name not in why.take_back), wanted]
            visit.choose(choices, configurator.price(choices).cents, "EUR", taken=(wanted,))
            visit.promise(2 + int(chance.expovariate(0.2)), chance.choice(causes))
            if chance.random() < 0.3:
                choices = before
                visit.choose(choices, configurator.price(choices).cents, "EUR", taken=())
        visit.look(chance.sample(sorted(configurator.model.features), 9))
        if chance.random() < 0.45:
            visit.quote()
            if chance.random() < 4 / (4 + (visit.days or 0)):
                visit.order()
        tally.count(visit)
    return tally
