"""What is wrong with the tables of a product family, each with its row and a configuration that shows it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lotone.configure.model.expression import Scalar
from lotone.kernel import Words


class ViolationKind(StrEnum):
    """What a table can break, the gravest first."""

    VOID = "void"
    """The model has no configuration at all, so nothing can be proved."""
    UNKNOWN_FEATURE = "unknown_feature"
    UNFIT = "unfit"
    """A condition or formula that does not fit the model, such as one over an attribute that it does not have."""
    SECOND_OPERATION = "second_operation"
    """Two operations with the same id."""
    UNKNOWN_OPERATION = "unknown_operation"
    NO_WORK_CENTER = "no_work_center"
    CIRCLE = "circle"
    """Operations that wait for each other."""
    NO_VALUE = "no_value"
    """An operation without a value for one of its parameters."""
    SECOND_VALUE = "second_value"
    NO_PART = "no_part"
    """A slot that stays empty."""
    SECOND_PART = "second_part"
    """Two parts in one slot."""
    MIXED_SLOT = "mixed_slot"
    NO_AMOUNT = "no_amount"
    """A formula without a value: a division by zero, or the average of nothing."""
    TOO_SMALL = "too_small"
    """A quantity that is not more than 0, or a wait that is less."""
    OUT_OF_RANGE = "out_of_range"
    """A parameter that the machine does not take."""
    CROSSED = "crossed"
    """A check whose low limit is above its high one."""
    TOO_SHORT = "too_short"
    """An operation that would take no time, or less."""
    UNREACHABLE = "unreachable"
    """A row that no configuration needs, since its condition is never true."""
    LEFT_OUT = "left_out"
    """A row that no configuration needs, since its operation is never there when its condition is true."""


@dataclass(frozen=True)
class Violation:
    """A rule of the product line that some configuration breaks, or a row that none needs."""

    kind: ViolationKind
    table: str
    """The table: operations, times, parts, parameters or checks; `model` where it is the model itself."""
    place: int | None = None
    """The row's place in its table, from 0; None where it is about no row."""
    column: str = "when"
    subject: str = ""
    """What it is about: a condition, parameter, part or slot."""
    operation: str = ""
    other: int | None = None
    """The place of another row in the same table that it stands against."""
    minutes: float | None = None
    expected: Words = field(default_factory=lambda: Words(""))
    choices: tuple[str, ...] = ()
    """Those of the configuration that matter here: what the conditions involved speak of."""
    configuration: frozenset[str] | None = None
    """A configuration that breaks the rule, the smallest; None where it is that no configuration has the row."""
    values: Mapping[str, Scalar] = field(default_factory=dict)
    """The numbers and texts of its typed features that show it."""

    def example(self, features: Iterable[str]) -> tuple[str, ...]:
        """The configuration as people read it, in the order of the model's features: typed ones with their values."""
        return tuple(self._shown(name) for name in features if name in (self.configuration or ()))

    def _shown(self, name: str, called: str = "") -> str:
        return f"{called or name} = {self.values[name]}" if name in self.values else called or name

    def words(self, names: Mapping[str, Words] | None = None, called: Callable[[str, int], Words] | None = None) -> Words:
        """The violation as a sentence, with the features' own words; `called` says how a row is called."""
        english, chinese = _SENTENCES[self.kind]
        return Words(en=self._told(english, "en", names or {}, called), zh=self._told(chinese, "zh", names or {}, called))

    def _told(
        self, sentence: str, language: str, names: Mapping[str, Words], called: Callable[[str, int], Words] | None
    ) -> str:
        choices = [self._shown(name, names[name].in_language(language) if name in names else "") for name in self.choices]
        other = (called or row_number)(self.table, self.other or 0).in_language(language)
        return sentence.format(
            subject=self.subject,
            operation=self.operation,
            other=other,
            minutes=f"{self.minutes or 0:g}",
            expected=self.expected.in_language(language),
            choices=("、" if language == "zh" else ", ").join(choices) or _NOTHING_CHOSEN[language],
        )

    def as_json(self, names: Mapping[str, Words] | None = None) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "table": self.table,
            "place": self.place,
            "column": self.column,
            "subject": self.subject,
            "operation": self.operation,
            "other": self.other,
            "minutes": self.minutes,
            "choices": list(self.choices),
            "configuration": None if self.configuration is None else sorted(self.configuration),
            "values": dict(self.values),
            "words": self.words(names).as_dict(),
        }


def row_number(table: str, row: int) -> Words:
    """A row by its number, as a spreadsheet counts: the first one is the header."""
    return Words(en=f"row {row + 2}", zh=f"第{row + 2}行")


_NOTHING_CHOSEN = {"en": "none of them chosen", "zh": "均未选择"}
_SENTENCES = {
    ViolationKind.VOID: ("the model has no configuration: {subject}", "模型没有任何有效配置：{subject}"),
    ViolationKind.UNKNOWN_FEATURE: ("the model has no feature '{subject}'", "模型中没有特征“{subject}”"),
    ViolationKind.UNFIT: ("{subject}", "{subject}"),
    ViolationKind.SECOND_OPERATION: (
        "there is an operation '{subject}' in {other} already",
        "{other}已有工序“{subject}”",
    ),
    ViolationKind.NO_AMOUNT: (
        "the formula {subject} has no value, for example with {choices}: it divides by zero, or averages nothing",
        "选择{choices}时，公式{subject}没有值：除数为零，或没有可平均的值",
    ),
    ViolationKind.TOO_SMALL: (
        "{subject} is too small, for example with {choices}; expected {expected}",
        "选择{choices}时，{subject}过小，应{expected}",
    ),
    ViolationKind.OUT_OF_RANGE: (
        "{subject} is no value that {operation} takes, for example with {choices}; expected {expected}",
        "选择{choices}时，{operation}不接受{subject}，应{expected}",
    ),
    ViolationKind.CROSSED: (
        "the low limit is above the high one, for example with {choices}",
        "选择{choices}时，下限高于上限",
    ),
    ViolationKind.UNKNOWN_OPERATION: ("there is no operation '{subject}'", "没有工序“{subject}”"),
    ViolationKind.NO_WORK_CENTER: ("'{operation}' has no work center", "工序“{operation}”没有工作中心"),
    ViolationKind.CIRCLE: (
        "the operations {subject} wait for each other, for example with {choices}",
        "工序{subject}相互等待，例如选择{choices}时",
    ),
    ViolationKind.NO_VALUE: (
        "'{subject}' of '{operation}' gets no value, for example with {choices}",
        "工序“{operation}”的参数“{subject}”没有值，例如选择{choices}时",
    ),
    ViolationKind.SECOND_VALUE: (
        "'{subject}' gets a second value beside {other}, for example with {choices}",
        "参数“{subject}”除{other}外又得到一个值，例如选择{choices}时",
    ),
    ViolationKind.NO_PART: (
        "no part fills '{subject}', for example with {choices}",
        "“{subject}”没有零件，例如选择{choices}时",
    ),
    ViolationKind.SECOND_PART: (
        "'{subject}' gets a second part beside {other}, for example with {choices}",
        "“{subject}”除{other}外又得到一个零件，例如选择{choices}时",
    ),
    ViolationKind.MIXED_SLOT: (
        "'{subject}' is written with a question mark here and without one in {other}",
        "“{subject}”在此带问号，而{other}不带",
    ),
    ViolationKind.TOO_SHORT: (
        "'{operation}' takes {minutes} minutes, for example with {choices}; expected more than 0",
        "选择{choices}时，工序“{operation}”用时{minutes}分钟，应大于0",
    ),
    ViolationKind.UNREACHABLE: ("no configuration has '{subject}'", "没有任何配置满足“{subject}”"),
    ViolationKind.LEFT_OUT: (
        "whenever '{subject}' is true, the operation '{operation}' is left out",
        "“{subject}”成立时，工序“{operation}”总被省去",
    ),
}
