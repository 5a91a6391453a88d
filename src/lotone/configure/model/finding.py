"""What an analysis of a model finds: each finding with its place, its reason in rules, and a sentence for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lotone.configure.model.features import Model, Rule
from lotone.configure.model.phrase import phrase
from lotone.kernel import Words


class FindingKind(StrEnum):
    """Kinds of findings, the gravest first."""

    VOID = "void"
    """No configuration is possible at all."""
    CONFLICTING = "conflicting"
    """Rules that can't hold together once some features are chosen, so that nobody can choose these."""
    DEAD = "dead"
    """A feature that is in no configuration."""
    FALSE_OPTIONAL = "false_optional"
    """A feature that looks open, and yet comes whenever its parent does."""
    REDUNDANT = "redundant"
    """A constraint that all other rules together say already: without it exactly the same is possible."""


@dataclass(frozen=True)
class Finding:
    """One thing that somebody probably did not mean."""

    kind: FindingKind
    line: int
    feature: str | None = None
    """The feature that is dead or false-optional."""
    rule: Rule | None = None
    """The constraint that is redundant."""
    rules: tuple[Rule, ...] = ()
    """The reason: without any one of these rules it would not be so. A rule that says nothing at all has no other reason."""
    also: tuple[str, ...] = ()
    """Features concerned besides: those that die below a dead one, or that a conflict makes impossible."""
    parent: str | None = None
    """What a false-optional feature hangs below."""
    is_explained: bool = True
    """False where there was no time to find the reason."""

    @property
    def constraints(self) -> tuple[Rule, ...]:
        """The rules of the reason that somebody wrote as constraints."""
        return tuple(rule for rule in self.rules if rule.kind == "constraint")

    def words(self, names: Mapping[str, Words] | None = None) -> Words:
        """The finding as a sentence, with the features' own words where they are given."""
        named = names or {}

        def called(name: str | None, language: str) -> str:
            return named[name].in_language(language) if name and name in named else name or ""

        listed_en = ", ".join(called(name, "en") for name in self.also)
        listed_zh = "、".join(called(name, "zh") for name in self.also)
        english, chinese = _SENTENCES[self.kind]
        return Words(
            en=english.format(called(self.feature, "en"), listed_en, called(self.parent, "en")),
            zh=chinese.format(called(self.feature, "zh"), listed_zh, called(self.parent, "zh")),
        )

    def as_json(self, model: Model, names: Mapping[str, Words] | None = None) -> dict[str, Any]:
        """Plain values; every rule of the reason as the model says it and as people do."""
        return {
            "kind": self.kind.value,
            "line": self.line,
            "feature": self.feature,
            "rule": self.rule.text if self.rule else None,
            "also": list(self.also),
            "words": self.words(names).as_dict(),
            "explained": self.is_explained,
            "reasons": [{**rule.as_json(), "words": phrase(rule, model, names).as_dict()} for rule in self.rules],
        }


_SENTENCES = {
    FindingKind.VOID: (
        "Nothing can be made: these rules contradict each other",
        "无法生产任何产品：这些规则相互矛盾",
    ),
    FindingKind.CONFLICTING: (
        "These rules contradict each other as soon as one of these is chosen: {1}",
        "一旦选择以下任一项，这些规则就相互矛盾：{1}",
    ),
    FindingKind.DEAD: ("{0} can never be chosen", "{0}永远无法选择"),
    FindingKind.FALSE_OPTIONAL: (
        "{0} looks as if it could be left out, but comes with every {2}",
        "{0}看似可选，实际每个{2}都包含它",
    ),
    FindingKind.REDUNDANT: ("This rule says nothing that the others don't say already", "该规则已由其他规则包含，没有新内容"),
}


@dataclass(frozen=True)
class Analysis:
    """All findings about a model, in the order of their gravity and lines, and what there was no time for."""

    findings: tuple[Finding, ...]
    is_void: bool
    """No configuration is possible. Then nothing else is asked, since everything would be impossible."""
    unlooked: Mapping[FindingKind, int]
    """How many features or constraints were not looked at for each kind, within the limits."""
    seconds: float
    comparisons: int = 0
    """Comparisons of numbers and texts of typed features. They are taken as open, so every finding is true whatever
    they say, and what follows from them alone is not found."""

    @property
    def is_complete(self) -> bool:
        """Everything was looked at, and every finding has its reason."""
        return not self.unlooked and not self.comparisons and all(finding.is_explained for finding in self.findings)

    def of(self, kind: FindingKind) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.kind is kind)

    @property
    def dead(self) -> frozenset[str]:
        """All features that are in no configuration, those below others included."""
        found = self.of(FindingKind.DEAD)
        return frozenset(name for finding in found for name in (finding.feature or "", *finding.also))

    @property
    def false_optional(self) -> frozenset[str]:
        return frozenset(finding.feature or "" for finding in self.of(FindingKind.FALSE_OPTIONAL))

    @property
    def redundant(self) -> tuple[Rule, ...]:
        return tuple(finding.rule for finding in self.of(FindingKind.REDUNDANT) if finding.rule)

    def as_json(self, model: Model, names: Mapping[str, Words] | None = None) -> dict[str, Any]:
        return {
            "void": self.is_void,
            "complete": self.is_complete,
            "unlooked": {kind.value: count for kind, count in self.unlooked.items()},
            "comparisons": self.comparisons,
            "seconds": round(self.seconds, 4),
            "findings": [finding.as_json(model, names) for finding in self.findings],
        }
