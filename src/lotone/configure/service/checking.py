"""Every fault of a product that is not yet published, each at its place: line and column of the model, row of a table."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lotone.configure.model.expression import Expression
from lotone.configure.model.fault import BrokenModel, Fault
from lotone.configure.model.features import Model, similar, unknown_names
from lotone.configure.model.options import Contradiction
from lotone.configure.model.picture import WrongPicture
from lotone.configure.model.product import Product
from lotone.configure.reading.model import read_model
from lotone.configure.reasoning.proofs import prove
from lotone.configure.service.configurators import configurator_of
from lotone.kernel import LotOneError

MODEL, START, WORDS, PICTURE = "model", "start", "words", "picture"
FIRST_ROW = 2
"""Rows are counted as a spreadsheet does: the first one is the header."""


def faults_of(
    product: Product, *, parts: Collection[str] | None = None, work_centers: Mapping[str, Collection[str]] | None = None
) -> list[Fault]:
    """Everything that keeps a product from being published. `parts` and `work_centers` (with their machines) are what
    the plant has; None does not ask."""
    try:
        model = read_model(product.model_text, name=MODEL)
    except BrokenModel as broken:
        return list(broken.faults)
    found = [*_of_words(product, model), *_of_plant(product, parts, work_centers)]
    return [*found, *_of_whole(product)]


def _names(file: str, row: int, column: str, expression: Expression, model: Model) -> Iterator[Fault]:
    for name in unknown_names(expression, model.features):
        yield Fault(file, row, column, f"the model has no feature '{name}'{similar(name, model.features)}")


def _of_words(product: Product, model: Model) -> Iterator[Fault]:
    for row, name in enumerate(product.option_words, start=FIRST_ROW):
        if name not in model.features:
            yield Fault(WORDS, row, "feature", f"the model has no feature '{name}'{similar(name, model.features)}")
    for row, name in enumerate(product.start, start=FIRST_ROW):
        if name not in model.features:
            yield Fault(START, row, "feature", f"the model has no feature '{name}'{similar(name, model.features)}")
    if product.picture is None:
        return
    for row, style in enumerate(product.picture.styles, start=FIRST_ROW):
        yield from _names("styles", row, "when", style.when, model)
    try:
        for name, line in product.picture.features():
            if name not in model.features:
                yield Fault(PICTURE, line, "data-when", f"the model has no feature '{name}'{similar(name, model.features)}")
    except WrongPicture as wrong:
        yield Fault(PICTURE, wrong.line, "", wrong.message)


def _of_plant(
    product: Product, parts: Collection[str] | None, work_centers: Mapping[str, Collection[str]] | None
) -> Iterator[Fault]:
    for row, part in enumerate(product.demand.parts, start=FIRST_ROW):
        if parts is not None and part.part not in parts:
            yield Fault("parts", row, "part", f"there is no part '{part.part}'{similar(part.part, parts)}")
    for row, rule in enumerate(product.demand.operations if work_centers is not None else (), start=FIRST_ROW):
        yield from _of_machines(row, rule, work_centers or {})


def _of_machines(row: int, rule: Any, work_centers: Mapping[str, Collection[str]]) -> Iterator[Fault]:
    if rule.work_center not in work_centers:
        message = f"there is no work center '{rule.work_center}'{similar(rule.work_center, work_centers)}"
        yield Fault("operations", row, "work_center", message)
        return
    own = work_centers[rule.work_center]
    for unit in rule.work_units or ():
        if unit not in own:
            yield Fault("operations", row, "work_units", f"work center '{rule.work_center}' has no machine '{unit}'")


def _of_whole(product: Product) -> Iterator[Fault]:
    """What only the solver sees: is there a configuration, does each get everything it needs, can the shop open so?"""
    try:
        configurator = configurator_of(product)
        for violation in prove(configurator, product.demand):
            row = 0 if violation.place is None else violation.place + FIRST_ROW
            yield Fault(violation.table, row, violation.column, violation.words(product.names).en)
    except LotOneError as fault:
        yield Fault(MODEL, 0, "", fault.message)
        return
    if not configurator.is_possible():
        return
    try:
        configurator.options(name for name in product.start if name in configurator.model.features)
    except Contradiction as fault:
        yield Fault(START, 0, "feature", fault.message)
