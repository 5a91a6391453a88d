"""Rules in the words of people: `belt => "split frame"` becomes "Belt drive needs split frame", in every language."""

from collections.abc import Mapping
from dataclasses import dataclass

from lotone.configure.model.expression import (
    Aggregate,
    And,
    Arithmetic,
    Attribute,
    Compare,
    Count,
    Equal,
    Expression,
    Function,
    Implies,
    Name,
    Not,
    Number,
    Or,
    Term,
    Text,
    Value,
    number_text,
)
from lotone.configure.model.features import Group, GroupKind, Model, Rule, RuleKind
from lotone.configure.model.table import VariantTable
from lotone.kernel import Words


@dataclass(frozen=True)
class _Language:
    both: str
    either: str
    last_and: str
    last_or: str
    no: str
    needs: str
    clashes: str
    when: str
    exactly: str
    together: str
    one_of: str
    some_of: str
    range_of: str
    part_of: str
    comes_with: str
    impossible: str
    allowed: str
    forbidden: str
    counted: str
    of: str
    quoted: str
    compared: Mapping[str, str]
    computed: Mapping[str, str]


_ENGLISH = _Language(
    both=", ", either=", ", last_and=" and ", last_or=" or ", no="no {0}", needs="{0} needs {1}",
    clashes="{0} does not go with {1}", when="if {0}, then {1}", exactly="{0} exactly when {1}",
    together="{0} do not go together", one_of="{0}: only one of {1}", some_of="{0}: at least one of {1}",
    range_of="{0}: {2} to {3} of {1}", part_of="{0} belongs to {1}", comes_with="{0} always comes with {1}",
    impossible="{0} is not available", allowed="table {0} allows only some combinations of {1}",
    forbidden="table {0} forbids some combinations of {1}", counted="{1} to {2} of {0}", of="{1} of {0}", quoted="“{0}”",
    compared={
        "==": "{0} is {1}", "!=": "{0} is not {1}", "<": "{0} is less than {1}", "<=": "{0} is at most {1}",
        ">": "{0} is more than {1}", ">=": "{0} is at least {1}",
    },
    computed={
        "sum": "the sum of {0}", "avg": "the average of {0}", "len": "the length of {0}", "floor": "{0} rounded down",
        "ceil": "{0} rounded up", "below": "{0} below {1}",
    },
)  # fmt: skip
_CHINESE = _Language(
    both="、", either="、", last_and="和", last_or="或", no="不含{0}", needs="{0}需要{1}",
    clashes="{0}不能与{1}搭配", when="如果{0}，则{1}", exactly="当且仅当{1}时{0}",
    together="{0}不能同时选择", one_of="{0}只能选一项：{1}", some_of="{0}至少选一项：{1}",
    range_of="{0}可选{2}至{3}项：{1}", part_of="{0}属于{1}", comes_with="{0}必含{1}",
    impossible="{0}不可选", allowed="表{0}只允许{1}的部分组合", forbidden="表{0}禁止{1}的部分组合",
    counted="{0}中的{1}至{2}项", of="{0}的{1}", quoted="“{0}”",
    compared={
        "==": "{0}等于{1}", "!=": "{0}不等于{1}", "<": "{0}小于{1}", "<=": "{0}不超过{1}",
        ">": "{0}大于{1}", ">=": "{0}不少于{1}",
    },
    computed={
        "sum": "{0}之和", "avg": "{0}的平均值", "len": "{0}的长度", "floor": "{0}向下取整",
        "ceil": "{0}向上取整", "below": "{1}之下的{0}",
    },
)  # fmt: skip


_OPERATORS = {"+": "+", "-": "−", "*": "×", "/": "÷"}


class _Speaker:
    def __init__(self, language: _Language, names: Mapping[str, str]) -> None:
        self.language = language
        self.names = names

    def name(self, feature: str) -> str:
        return self.names.get(feature) or feature

    def listed(self, parts: tuple[Expression, ...], separator: str, last: str) -> str:
        words = [self.say(part) for part in parts]
        return last.join([separator.join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)

    def say(self, expression: Expression) -> str:
        speak = self.language
        match expression:
            case Name(feature):
                return self.name(feature)
            case Not(And(parts)):
                return speak.together.format(self.listed(parts, speak.both, speak.last_and))
            case Not(part):
                return speak.no.format(self.say(part))
            case And(parts):
                return self.listed(parts, speak.both, speak.last_and)
            case Or(parts):
                return self.listed(parts, speak.either, speak.last_or)
            case Implies(left, Not(And() as right) | Not(Or() as right)) if _is_plain(right):
                return speak.clashes.format(self.say(left), self.say(right))
            case Implies(left, Not(Name() as right)):
                return speak.clashes.format(self.say(left), self.say(right))
            case Implies(left, right) if _is_plain(left) and _is_plain(right):
                return speak.needs.format(self.say(left), self.say(right))
            case Implies(left, right):
                return speak.when.format(self.say(left), self.say(right))
            case Equal(left, right):
                return speak.exactly.format(self.say(left), self.say(right))
            case Count(low, high, parts):
                return speak.counted.format(self.listed(parts, speak.both, speak.last_and), low, high)
            case Compare("!=", Attribute() as attribute, Number(0)):
                return self.term(attribute)
            case Compare(sign, left_term, right_term):
                return speak.compared[sign].format(self.term(left_term), self.term(right_term))

    def term(self, term: Term) -> str:
        speak = self.language
        match term:
            case Number(value):
                return number_text(value)
            case Text(text):
                return speak.quoted.format(text)
            case Value(feature):
                return self.name(feature)
            case Attribute(feature, path):
                return speak.of.format(self.name(feature), " ".join(path))
            case Aggregate(function, arguments):
                return speak.computed[function].format(self.arguments(arguments))
            case Function(name, argument):
                return speak.computed[name].format(self.term(argument))
            case Arithmetic(operator, left, right):
                return f"{self.part(left)} {_OPERATORS[operator]} {self.part(right)}"

    def part(self, term: Term) -> str:
        return f"({self.term(term)})" if isinstance(term, Arithmetic) else self.term(term)

    def arguments(self, arguments: tuple[tuple[str, ...], ...]) -> str:
        words = [" ".join(self.name(name) for name in path) for path in arguments]
        return words[0] if len(words) == 1 else self.language.computed["below"].format(*words)

    def rule(self, rule: Rule, model: Model) -> str:
        match rule:
            case Rule(kind=RuleKind.TABLE, table=VariantTable() as table):
                pattern = self.language.allowed if table.is_allowed else self.language.forbidden
                return pattern.format(table.name, self.language.both.join(table.columns))
            case Rule(kind=RuleKind.GROUP, group=Group() as group):
                return self.group(group)
            case Rule(kind=RuleKind.TREE, expression=Implies(Name(left), Name(right))):
                is_child = model.features[left].parent == right
                pattern = self.language.part_of if is_child else self.language.comes_with
                return pattern.format(self.name(left), self.name(right))
            case Rule(expression=Not(Name(feature))):
                return self.language.impossible.format(self.name(feature))
        return self.say(rule.expression)

    def group(self, group: Group) -> str:
        patterns = {GroupKind.ALTERNATIVE: self.language.one_of, GroupKind.OR: self.language.some_of}
        pattern = patterns.get(group.kind, self.language.range_of)
        members = self.language.both.join(self.name(member.name) for member in group.members)
        return pattern.format(self.name(group.parent), members, group.low, group.high)


def _is_plain(expression: Expression) -> bool:
    """Names joined by and, or: short enough to stand beside "needs"."""
    match expression:
        case Name():
            return True
        case And(parts) | Or(parts):
            return all(isinstance(part, Name) for part in parts)
    return False


def phrase(rule: Rule, model: Model, words: Mapping[str, Words] | None = None) -> Words:
    """A rule as a sentence in every language, with the features' own words where they are given."""
    words = words or {}
    english = {name: text.en for name, text in words.items()}
    chinese = {name: text.in_language("zh") for name, text in words.items()}
    en = _Speaker(_ENGLISH, english).rule(rule, model)
    return Words(en=en[:1].upper() + en[1:], zh=_Speaker(_CHINESE, chinese).rule(rule, model))
