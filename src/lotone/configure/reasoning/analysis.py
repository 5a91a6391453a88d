"""Analysis of a model: void, dead and false-optional features, redundant and conflicting constraints, each with its reason.

The definitions are those of Benavides, Segura and Ruiz-Cortés, Automated analysis of feature models 20 years later (2010);
reasons are minimal unsatisfiable sets of rules, found by deletion (Marques-Silva 2010).
"""

import time
from collections.abc import Callable, Iterable, Sequence

from pysat.solvers import Glucose4

from lotone.configure.model.features import Model, Rule, RuleKind
from lotone.configure.model.finding import Analysis, Finding, FindingKind
from lotone.configure.reasoning.clauses import Clauses
from lotone.configure.reasoning.limits import Limits, TooHard

AS_ONE_TYPES = Limits(seconds=2.0)
CONFLICTS_MAX = 20_000
"""Conflicts that one question to the solver may use: some tenths of a second. What needs more is not looked at."""
CONTRADICTIONS_MAX = 20
"""Independent contradictions of a void model that are told at once."""


def analyse(model: Model, limits: Limits = AS_ONE_TYPES) -> Analysis:
    """Everything about a model that somebody probably did not mean. What takes longer than the limit is counted, not guessed.

    >>> from lotone.configure import read_model
    >>> tree = "features\\n    Bike\\n        optional\\n            Belt\\n            Rack\\n"
    >>> found = analyse(read_model(tree + "constraints\\n    !Belt\\n    Belt => Rack\\n"))
    >>> [(one.kind.value, one.feature or one.rule.text, [rule.text for rule in one.rules]) for one in found.findings]
    [('dead', 'Belt', ['!Belt']), ('redundant', 'Belt => Rack', ['!Belt'])]
    """
    return _Analyst(model, limits).run()


class _Questions:
    """A solver of which some rules can be switched off; every answer is a yes (with a model), a no, or not known in time."""

    def __init__(self, clauses: Clauses, switchable: Iterable[int]) -> None:
        rules = clauses.of_rule
        self.switch = {number: clauses.top + 1 + at for at, number in enumerate(switchable)}
        self._number = {switch: number for number, switch in self.switch.items()}
        self.glucose = Glucose4(bootstrap_with=clauses.definitions)
        for number, of_rule in enumerate(rules):
            own = [-self.switch[number]] if number in self.switch else []
            for clause in of_rule:
                self.glucose.add_clause([*clause, *own])

    def ask(self, assumptions: Sequence[int]) -> bool | None:
        self.glucose.conf_budget(CONFLICTS_MAX)
        answer: bool | None = self.glucose.solve_limited(assumptions=list(assumptions))
        return answer

    def model(self) -> list[int]:
        found: list[int] = self.glucose.get_model()
        return found

    def core(self, literals: Sequence[int], switches: Sequence[int], deadline: float) -> list[int] | None:
        """The rules of a minimal reason why the literals are impossible; None when time ran out before it was minimal."""
        if self.ask([*literals, *switches]) is not False:
            return None
        core: list[int] = [each for each in self.glucose.get_core() or [] if each in self._number]
        for switch in list(core):
            if switch not in core:
                continue
            answer = self.ask([*literals, *(other for other in core if other != switch)])
            if answer is None or time.perf_counter() > deadline:
                return None
            if not answer:
                core = [each for each in self.glucose.get_core() or [] if each in self._number]
        return sorted(self._number[switch] for switch in core)

    def close(self) -> None:
        self.glucose.delete()


class _Analyst:
    def __init__(self, model: Model, limits: Limits) -> None:
        self.begun = time.perf_counter()
        self.deadline = self.begun + limits.seconds
        self.model = model
        self.rules = model.rules
        self.constraints = [number for number, rule in enumerate(self.rules) if rule.kind is RuleKind.CONSTRAINT]
        self.clauses = Clauses(model)
        self.variable = self.clauses.variable
        self.truth = {number: self.clauses.literal(self.rules[number].expression) for number in self.constraints}
        """The literal that is true exactly when the constraint is."""
        self.findings: list[Finding] = []
        self.unlooked: dict[FindingKind, int] = {}
        self._reasons: _Questions | None = None

    def run(self) -> Analysis:
        whole = _Questions(self.clauses, ())
        try:
            possible = whole.ask(())
            if possible is None:
                raise TooHard(f"whether {self.model.name} has a configuration at all was not found within the limits")
            if possible:
                self._look_at_features(whole)
                self._look_at_constraints()
            else:
                self._look_at_contradictions()
        finally:
            whole.close()
            if self._reasons is not None:
                self._reasons.close()
        kinds = list(FindingKind)
        self.findings.sort(key=lambda one: (kinds.index(one.kind), one.line))
        seconds = time.perf_counter() - self.begun
        return Analysis(tuple(self.findings), not possible, self.unlooked, seconds, len(self.clauses.atoms))

    @property
    def is_late(self) -> bool:
        return time.perf_counter() > self.deadline

    # -- features

    def _look_at_features(self, whole: _Questions) -> None:
        dead = self._dead(whole)
        self._tell_dead(dead)
        for name in self._false_optional(whole, dead):
            feature = self.model.features[name]
            literals = [self.variable[feature.parent or ""], -self.variable[name]]
            reason = self._reason(literals)
            self._tell(FindingKind.FALSE_OPTIONAL, feature.line, reason, feature=name, parent=feature.parent)

    def _dead(self, whole: _Questions) -> set[str]:
        """Every model that is found takes all its features from the list; a feature below a dead one is dead."""

        def shown(model: list[int], name: str) -> bool:
            return model[self.variable[name] - 1] > 0

        open_ = dict.fromkeys(self.model.features)
        dead: set[str] = set()
        self._strike(open_, whole, shown)
        for name in list(open_):
            if name not in open_:
                continue
            if self.model.features[name].parent in dead:
                dead.add(name)
                continue
            if self.is_late:
                self.unlooked[FindingKind.DEAD] = sum(one in open_ and one not in dead for one in self.model.features)
                break
            whole.glucose.set_phases([number if one in open_ else -number for one, number in self.variable.items()])
            answer = whole.ask([self.variable[name]])
            if answer:
                self._strike(open_, whole, shown)
            elif answer is None:
                self.unlooked[FindingKind.DEAD] = self.unlooked.get(FindingKind.DEAD, 0) + 1
            else:
                dead.add(name)
        return dead

    def _strike(self, open_: dict[str, None], whole: _Questions, shown: Callable[[list[int], str], bool]) -> None:
        """Take those off the list about which the model that was just found shows that nothing is wrong."""
        model = whole.model()
        for name in [name for name in open_ if shown(model, name)]:
            del open_[name]

    def _tell_dead(self, dead: set[str]) -> None:
        conflicts: dict[tuple[Rule, ...], list[str]] = {}
        for name in self.model.in_order(dead):
            feature = self.model.features[name]
            if feature.parent in dead:
                continue
            below = tuple(one.name for one in feature if one.name != name)
            reason = self._reason([self.variable[name]])
            finding = self._tell(FindingKind.DEAD, feature.line, reason, feature=name, also=below)
            if len(finding.constraints) > 1:
                conflicts.setdefault(finding.constraints, []).append(name)
        for constraints, names in conflicts.items():
            line = constraints[0].line
            self._tell(FindingKind.CONFLICTING, line, constraints, also=tuple(names))

    def _false_optional(self, whole: _Questions, dead: set[str]) -> list[str]:
        def shown(model: list[int], name: str) -> bool:
            parent = self.variable[self.model.features[name].parent or ""]
            return model[parent - 1] > 0 > model[self.variable[name] - 1]

        groups = self.model.group_of
        open_ = {
            name: None for name, group in groups.items() if group.low < len(group.members) and name not in dead
        }  # fmt: skip
        found: list[str] = []
        whole.glucose.set_phases([-self.variable[name] for name in open_])
        whole.ask(())
        self._strike(open_, whole, shown)
        for name in list(open_):
            if name not in open_:
                continue
            if self.is_late:
                self.unlooked[FindingKind.FALSE_OPTIONAL] = len(open_) - len(found)
                break
            answer = whole.ask([self.variable[groups[name].parent], -self.variable[name]])
            if answer:
                self._strike(open_, whole, shown)
            elif answer is None:
                self.unlooked[FindingKind.FALSE_OPTIONAL] = self.unlooked.get(FindingKind.FALSE_OPTIONAL, 0) + 1
            else:
                found.append(name)
        return found

    # -- constraints

    def _look_at_constraints(self) -> None:
        questions = _Questions(self.clauses, self.constraints)
        switches = list(questions.switch.values())
        for at, number in enumerate(self.constraints):
            if self.is_late:
                self.unlooked[FindingKind.REDUNDANT] = len(self.constraints) - at
                break
            answer = questions.ask([*switches[:at], *switches[at + 1 :], -self.truth[number]])
            if answer is None:
                self.unlooked[FindingKind.REDUNDANT] = self.unlooked.get(FindingKind.REDUNDANT, 0) + 1
            elif not answer:
                rule = self.rules[number]
                reason = self._reason([-self.truth[number]], without={number})
                self._tell(FindingKind.REDUNDANT, rule.line, reason, rule=rule)
        questions.close()

    def _look_at_contradictions(self) -> None:
        """The model is void: one contradiction, and those that remain when its constraints are taken out, and so on."""
        out: set[int] = set()
        for _ in range(CONTRADICTIONS_MAX):
            reason = self._numbers([], out)
            if not reason:
                break
            rules = tuple(self.rules[number] for number in reason)
            own = [rule for rule in rules if rule.kind is RuleKind.CONSTRAINT]
            line = own[0].line if own else self.model.root.line
            self._tell(FindingKind.VOID, line, rules)
            if not own:
                break
            out.update(number for number in reason if self.rules[number].kind is RuleKind.CONSTRAINT)
        if not self.findings:
            self._tell(FindingKind.VOID, self.model.root.line, None)

    # -- reasons

    def _tell(
        self,
        kind: FindingKind,
        line: int,
        reason: tuple[Rule, ...] | None,
        *,
        feature: str | None = None,
        rule: Rule | None = None,
        also: tuple[str, ...] = (),
        parent: str | None = None,
    ) -> Finding:
        finding = Finding(kind, line, feature, rule, reason or (), also, parent, is_explained=reason is not None)
        self.findings.append(finding)
        return finding

    def _reason(self, literals: Sequence[int], without: Iterable[int] = ()) -> tuple[Rule, ...] | None:
        numbers = self._numbers(literals, set(without))
        return None if numbers is None else tuple(self.rules[number] for number in numbers)

    def _numbers(self, literals: Sequence[int], without: set[int]) -> list[int] | None:
        if self.is_late:
            return None
        if self._reasons is None:
            self._reasons = _Questions(self.clauses, range(len(self.rules)))
        switches = [switch for number, switch in self._reasons.switch.items() if number not in without]
        return self._reasons.core(literals, switches, self.deadline)
