"""What a buyer sees of a product while choosing: questions in her words, every option with its state and price difference."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from markupsafe import Markup

from lotone.configure import (
    Configurator,
    Contradiction,
    Explanation,
    Feature,
    Group,
    GroupKind,
    Model,
    Name,
    Options,
    Picture,
    Product,
    Rule,
    RuleKind,
    configurator_of,
    features_of,
    phrase,
)
from lotone.kernel import Money, Words

CHOICES_MAX = 300
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")


class State(StrEnum):
    CHOSEN = "chosen"
    INCLUDED = "included"
    """Comes with what is chosen."""
    FREE = "free"
    BLOCKED = "blocked"
    """Does not go with what is chosen; it says why, and what taking it would change."""


@dataclass(frozen=True)
class Question:
    """One thing to decide: one of several, or any of several."""

    id: str
    words: Words
    hint: Words
    members: tuple[str, ...]
    is_single: bool
    is_optional: bool = False
    """Nothing need be taken."""
    below: frozenset[str] = frozenset()
    """Members that only refine the one before them."""


@dataclass(frozen=True)
class Section:
    """Questions that belong together."""

    id: str
    words: Words
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Shown:
    """An option as it stands now."""

    name: str
    words: Words
    hint: Words
    state: State
    difference: Money | None
    """What the price would change by; None where that does not go without saying."""
    colour: str
    reason: Words | None
    """Why it comes along."""
    is_below: bool
    instead: frozenset[str] | None = None
    """The configuration with it, where it can be taken: what its differences are about."""


@dataclass(frozen=True)
class Sheet:
    """Everything about one choice of a product."""

    product: Product
    choices: tuple[str, ...]
    configuration: frozenset[str]
    price: Money
    count: int | None
    sections: tuple[Section, ...]
    options: dict[str, Shown]

    def chosen_of(self, question: Question) -> list[Shown]:
        return [self.options[name] for name in question.members if name in self.configuration]

    def options_of(self, question: Question) -> list[Shown]:
        return [self.options[name] for name in question.members]

    @property
    def questions(self) -> Iterator[Question]:
        for section in self.sections:
            yield from section.questions


@dataclass(frozen=True)
class Change:
    """What taking a blocked option changes elsewhere."""

    words: Words
    before: tuple[Words, ...]
    after: tuple[Words, ...]


@dataclass(frozen=True)
class WhyNot:
    """Why an option is blocked, in the buyer's words, and what taking it anyway would do."""

    wanted: str
    words: Words
    against: tuple[Words, ...]
    """Own choices that stand against it."""
    rules: tuple[Words, ...]
    is_never_possible: bool
    choices: tuple[str, ...]
    """The choices after taking it."""
    changes: tuple[Change, ...]
    difference: Money


# -- what there is to decide


def sections_of(product: Product, model: Model) -> tuple[Section, ...]:
    """The feature model as a buyer reads it: a section for every part of the product, and one for extras."""
    found: list[Section] = []
    loose: list[Question] = []
    for group in model.root.groups:
        if group.kind is not GroupKind.MANDATORY:
            loose.extend(_questions_of_group(product, model.root, group, is_optional=False))
            continue
        for member in group.members:
            questions = tuple(_questions(product, member, is_optional=False))
            if questions:
                found.append(Section(member.name, product.words_of(member.name), questions))
    if loose:
        words = EXTRAS if all(not question.is_single for question in loose) else product.words_of(model.root.name)
        found.append(Section(model.root.name, words, tuple(loose)))
    return tuple(found)


EXTRAS = Words("Extras", "配件")
ALSO = Words("If you like", "可选项")


def _questions(product: Product, feature: Feature, *, is_optional: bool) -> Iterator[Question]:
    for group in feature.groups:
        if group.kind is GroupKind.MANDATORY:
            for member in group.members:
                yield from _questions(product, member, is_optional=is_optional)
        else:
            yield from _questions_of_group(product, feature, group, is_optional=is_optional)


def _questions_of_group(product: Product, parent: Feature, group: Group, *, is_optional: bool) -> Iterator[Question]:
    is_single = group.kind is GroupKind.ALTERNATIVE
    members: list[str] = []
    below: set[str] = set()
    later: list[Question] = []
    for member in group.members:
        if not _is_heading(member):
            members.append(member.name)
        for inner in member.groups:
            if inner.kind is GroupKind.OPTIONAL and not is_single:
                names = [feature.name for one in inner.members for feature in one]
                members += names
                below |= set(names)
            else:
                later.extend(_questions_of_group(product, member, inner, is_optional=True))
    if not members:
        yield from later
        return
    is_open = group.kind is GroupKind.OPTIONAL
    words = (EXTRAS if parent.parent is None else ALSO) if is_open else product.words_of(parent.name)
    yield Question(
        id=f"{parent.name}-{group.line}",
        words=words,
        hint=Words("") if is_open else _hint(product, parent.name),
        members=tuple(members),
        is_single=is_single,
        is_optional=is_optional or group.low == 0,
        below=frozenset(below),
    )
    yield from later


def _is_heading(feature: Feature) -> bool:
    """Chosen by choosing something below it."""
    return feature.abstract and any(group.low > 0 for group in feature.groups)


def _hint(product: Product, feature: str) -> Words:
    return product.option_words[feature].hint if feature in product.option_words else Words("")


@dataclass(frozen=True)
class _Said:
    """A product by what it says: so long as that is the same, so is all that follows from it alone."""

    digest: str
    product: Product = field(compare=False)


@dataclass(frozen=True)
class Ground:
    """What is the same for all choices of a product."""

    sections: tuple[Section, ...]
    colours: Mapping[str, str]
    """The colour that an option gives the picture, where its whole question is about colours."""
    rivals: Mapping[str, frozenset[str]]
    """What goes when an option is taken: its neighbours in a question of which one can be taken, and all below them."""
    drawn: frozenset[str]
    """The features that the picture shows; all others leave it as it is."""


def ground_of(product: Product) -> Ground:
    return _ground(_Said(f"{product.id}:{product.digest}", product))


@lru_cache(maxsize=64)
def _ground(said: _Said) -> Ground:
    product, model = said.product, configurator_of(said.product).model
    sections = sections_of(product, model)
    questions = [question for section in sections for question in section.questions]
    colours = {name: colour for question in questions for name, colour in _colours(product, question).items()}
    rivals = {name: _rivals(model, question, name) for question in questions for name in question.members}
    return Ground(sections, colours, rivals, _drawn_features(product.picture))


def _drawn_features(picture: Picture | None) -> frozenset[str]:
    if picture is None:
        return frozenset()
    shown = {name for name, _ in picture.features()}
    return frozenset(shown.union(*(features_of(style.when) for style in picture.styles)))


def _rivals(model: Model, question: Question, name: str) -> frozenset[str]:
    others = (other for other in question.members if other != name) if question.is_single else ()
    return frozenset(below.name for other in others for below in model.features[other])


def _colours(product: Product, question: Question) -> dict[str, str]:
    """The colours that options of a question give the picture; nothing unless every one of them gives one."""
    found: dict[str, str] = {}
    for style in product.picture.styles if product.picture else ():
        if isinstance(style.when, Name) and COLOUR.fullmatch(style.value):
            found.setdefault(style.when.feature, style.value)
    return {name: found[name] for name in question.members} if all(name in found for name in question.members) else {}


# -- what is chosen


def settle(configurator: Configurator, choices: Iterable[str], start: Sequence[str]) -> tuple[tuple[str, ...], Options]:
    """Choices that leave no question open, nearest to those given, and what they leave possible.

    Unknown names are dropped, so are the fewest choices that contradict the others; what is then open is decided as the
    product starts, or else the cheapest way.
    """
    model = configurator.model
    kept = [name for name in dict.fromkeys(choices) if name in model.features][:CHOICES_MAX]
    try:
        options = configurator.options(kept)
    except Contradiction as fault:
        kept = [name for name in kept if name not in fault.explanation.take_back]
        options = configurator.options(kept)
    for _ in model.features:
        group = next(iter(_open_groups(model, options)), None)
        if group is None:
            break
        kept.append(_nearest(configurator, kept, group, options, start))
        options = configurator.options(kept)
    return model.in_order(set(kept)), options


def _open_groups(model: Model, options: Options) -> Iterator[Group]:
    configuration = options.configuration
    for feature in model.root:
        if feature.name not in configuration:
            continue
        for group in feature.groups:
            if sum(member.name in configuration for member in group.members) < group.low:
                yield group


def _nearest(configurator: Configurator, kept: list[str], group: Group, options: Options, start: Sequence[str]) -> str:
    names = [member.name for member in group.members if member.name in options.possible]
    usual = [name for name in names if name in start]
    if usual:
        return usual[0]
    cheapest = configurator.complete(kept)
    return next(name for name in names if name in cheapest)


def take(configurator: Configurator, choices: Sequence[str], wanted: str) -> list[str]:
    """The choices with one more, without the fewest that stand against it. Raises Contradiction when it is never possible."""
    why = configurator.explain(choices, wanted)
    if why.is_never_possible:
        raise Contradiction(why)
    return [*(name for name in choices if name not in why.take_back and name != wanted), wanted]


def drop(model: Model, choices: Sequence[str], unwanted: str) -> list[str]:
    """The choices without one, and without what refines it."""
    gone = {feature.name for feature in model.features[unwanted]} if unwanted in model.features else {unwanted}
    return [name for name in choices if name not in gone]


# -- what is shown


@dataclass(frozen=True)
class _Asked:
    """A key by which the sheet of a product is found again: what the product says, and the choices."""

    digest: str
    choices: tuple[str, ...]
    product: Product = field(compare=False)
    options: Options | None = field(default=None, compare=False)


def sheet(product: Product, choices: Iterable[str]) -> Sheet:
    """Everything about the choices nearest to some. Sheets are kept for a while: they are asked for again and again."""
    known = configurator_of(product).model.features
    asked = tuple(name for name in dict.fromkeys(choices) if name in known)[:CHOICES_MAX]  # made-up names fill no memory
    found = _sheet(_settled(_Asked(f"{product.id}:{product.digest}", asked, product)))
    # Versions that say the same share their sheets, but each keeps its number.
    return found if found.product is product else replace(found, product=product)


@lru_cache(maxsize=2048)
def _settled(asked: _Asked) -> _Asked:
    settled, options = settle(configurator_of(asked.product), asked.choices, asked.product.start)
    return replace(asked, choices=settled, options=options)


@lru_cache(maxsize=1024)
def _sheet(asked: _Asked) -> Sheet:
    product, choices, options = asked.product, asked.choices, asked.options
    assert options is not None
    configurator = configurator_of(product)
    ground = ground_of(product)
    prices = Prices(configurator, choices)
    shown = {
        name: _shown(product, configurator, options, question, name, prices)
        for section in ground.sections
        for question in section.questions
        for name in question.members
    }
    return Sheet(product, choices, options.configuration, options.price, options.count, ground.sections, shown)


class Prices:
    """What other choices would cost more or less than these, by the cheapest configuration with them."""

    def __init__(self, configurator: Configurator, choices: Sequence[str]) -> None:
        self.configurator = configurator
        self.choices = choices
        self.now = self.cents(configurator.complete(choices))

    def cents(self, configuration: Iterable[str]) -> int:
        features = self.configurator.model.features
        return sum(features[name].price_cents for name in configuration)

    def difference(self, configuration: Iterable[str]) -> Money:
        return Money(self.cents(configuration) - self.now, self.configurator.currency)


def _shown(
    product: Product, configurator: Configurator, options: Options, question: Question, name: str, prices: Prices
) -> Shown:
    state, ground = _state(options, name), ground_of(product)
    instead = None
    if state is State.FREE:
        rivals = ground.rivals[name]
        instead = configurator.complete([*(choice for choice in prices.choices if choice not in rivals), name])
    return Shown(
        name=name,
        words=product.words_of(name),
        hint=_hint(product, name),
        state=state,
        difference=None if instead is None else prices.difference(instead),
        colour=ground.colours.get(name, ""),
        reason=_why_included(product, configurator, options, name) if state is State.INCLUDED else None,
        is_below=name in question.below,
        instead=instead,
    )


def _state(options: Options, name: str) -> State:
    if name in options.selected:
        return State.CHOSEN
    if name in options.forced:
        return State.INCLUDED
    return State.FREE if name in options.possible or name in options.switchable else State.BLOCKED


def _why_included(product: Product, configurator: Configurator, options: Options, name: str) -> Words | None:
    why = configurator.explain(options.selected, (), refused=[name])
    told = [rule for rule in why.rules if rule.kind is RuleKind.CONSTRAINT]
    return phrase(told[0], configurator.model, product.names) if told else None


# -- why not


def why_not(product: Product, choices: Sequence[str], wanted: str) -> WhyNot:
    """Why an option is blocked, and what taking it anyway would change. Raises UnknownFeature."""
    configurator = configurator_of(product)
    model = configurator.model
    now = sheet(product, choices)
    why = configurator.explain(now.choices, wanted)
    group = model.group_of.get(wanted)
    rivals = {member.name for member in group.members} if group and group.kind is GroupKind.ALTERNATIVE else set()
    then = now if why.is_never_possible else sheet(product, take(configurator, now.choices, wanted))
    return WhyNot(
        wanted=wanted,
        words=product.words_of(wanted),
        against=tuple(product.words_of(name) for name in why.choices if name not in rivals),
        rules=tuple(phrase(rule, model, product.names) for rule in _worth_telling(why, rivals)),
        is_never_possible=why.is_never_possible,
        choices=then.choices,
        changes=tuple(changes_between(now, then, besides=wanted)),
        difference=Money(then.price.cents - now.price.cents, now.price.currency),
    )


def _worth_telling(why: Explanation, rivals: set[str]) -> list[Rule]:
    """The constraints; that only one of several can be taken is told only when nothing else stands against it."""
    constraints = [rule for rule in why.rules if rule.kind is RuleKind.CONSTRAINT]
    return constraints or [rule for rule in why.reasons if rule.group is None or rule.group.members[0].name not in rivals]


def changes_between(now: Sheet, then: Sheet, *, besides: str = "") -> Iterator[Change]:
    """The questions that two sheets answer differently, besides the one that was asked for."""
    asked = now.options[besides].words if besides in now.options else None
    for question in now.questions:
        before = tuple(now.options[name].words for name in question.members if name in now.configuration)
        after = tuple(now.options[name].words for name in question.members if name in then.configuration)
        if before == after or (besides in question.members and question.is_single):
            continue
        gone = tuple(words for words in before if words not in after)
        new = tuple(words for words in after if words not in before and words != asked)
        if gone or new:
            yield Change(question.words, gone, new)


@dataclass(frozen=True)
class _Drawing:
    digest: str
    configuration: frozenset[str]
    prefix: str
    picture: Picture = field(compare=False)


@lru_cache(maxsize=256)
def _drawn(drawing: _Drawing) -> str:
    return drawing.picture.draw(drawing.configuration, prefix=drawing.prefix).replace(' style="', ' data-style="')


def drawn(product: Product, configuration: frozenset[str], *, prefix: str) -> Markup:
    """The product's picture. Its styles are left to `<lo-picture>`: pages allow none inside their text."""
    if product.picture is None:
        return Markup()
    drawing = _Drawing(product.digest, configuration & ground_of(product).drawn, prefix, product.picture)
    return Markup(_drawn(drawing))  # noqa: S704 (a picture may hold nothing but drawing, or it is not published)
