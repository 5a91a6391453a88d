"""DIMACS: clauses over numbered variables, with comments `c 12 Rack` that name them, become a flat feature model."""

import re
from pathlib import Path

from lotone.configure.model.expression import And, Expression, Implies, Name, Not, Or, quoted
from lotone.configure.model.fault import BrokenModel, Fault
from lotone.configure.model.features import Feature, Group, GroupKind, Model, Rule, RuleKind
from lotone.configure.reading.text import text_of

SIZE_MAX = 50_000_000
"""Bytes; a line is short, so such a file has some three million clauses."""
VARIABLES_MAX = 200_000
_KIND = "clauses in DIMACS"
_NAMED = re.compile(r"c\s+(\d+)\$?\s+(\S.*)")
_PROBLEM = re.compile(r"p\s+cnf\s+(\d+)\s+(\d+)\s*")
_NOT_IN_NAMES = re.compile(r'[".\x00-\x1f]')
_FAULTS_MAX = 100


def read_dimacs(source: Path | str, *, name: str | None = None) -> Model:
    """Read clauses from a file (a Path) or a text. Raises BrokenModel with every fault, its line and column.

    Every variable becomes an optional feature below one root, which bears the file's name; every clause a constraint. A
    variable that no comment names is called `x17`. In names, quotes and dots become underscores, as UVL has none in names.
    Format: DIMACS Challenge, "Satisfiability: Suggested Format", 1993.

    >>> model = read_dimacs("c 1 Belt\\nc 2 Rack\\np cnf 2 1\\n-1 2 0\\n", name="bike")
    >>> list(model.features), [rule.text for rule in model.constraints]
    (['bike', 'Belt', 'Rack'], ['Belt => Rack'])
    """
    file = name or (source.name if isinstance(source, Path) else "model")
    text = text_of(source, file, _KIND, SIZE_MAX)
    reader = _Reader(text, file)
    if reader.faults:
        raise BrokenModel(reader.faults)
    return reader.model(text)


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.names: dict[int, str] = {}
        self.clauses: list[tuple[int, list[int]]] = []
        """Each with the line in which it begins."""
        self.variables = -1
        self.promised = 0
        self._open: list[int] = []
        self._began = 0
        for number, line in enumerate(text.splitlines(), start=1):
            if len(self.faults) >= _FAULTS_MAX:
                return
            if line.startswith("%"):
                break
            self._line(number, line)
        self._check_end()

    def fault(self, line: int, column: int, message: str) -> None:
        self.faults.append(Fault(self.file, line, str(column) if column else "", message))

    def _line(self, number: int, line: str) -> None:
        if line.startswith("c"):
            if named := _NAMED.fullmatch(line.rstrip()):
                self.names[int(named[1][:9])] = _NOT_IN_NAMES.sub("_", named[2])
        elif line.startswith("p"):
            self._problem(number, line)
        elif line and not line.isspace():
            self._literals(number, line)

    def _problem(self, number: int, line: str) -> None:
        found = _PROBLEM.fullmatch(line)
        if found is None or self.variables >= 0:
            expected = "one line 'p cnf' only" if self.variables >= 0 else "'p cnf VARIABLES CLAUSES', such as 'p cnf 76 141'"
            self.fault(number, 1, f"expected {expected}, found '{line[:24]}'")
        elif int(found[1][:9]) > VARIABLES_MAX:
            self.fault(number, 1, f"expected at most {VARIABLES_MAX} variables, found {found[1][:20]}")
        else:
            self.variables, self.promised = int(found[1]), int(found[2][:12])

    def _literals(self, number: int, line: str) -> None:
        if self.variables < 0:
            self.fault(number, 1, f"expected a line 'p cnf VARIABLES CLAUSES' before the first clause, found '{line[:24]}'")
            self.variables = VARIABLES_MAX
            return
        try:
            literals = [int(word) for word in line.split()]
        except ValueError:
            self._no_number(number, line)
            return
        for literal in literals:
            if not literal:
                self.clauses.append((self._began or number, self._open))
                self._open, self._began = [], 0
            elif abs(literal) > self.variables:
                column = 1 + line.find(str(literal))
                self.fault(number, column, f"expected a variable up to {self.variables}, found {literal}")
            else:
                self._began = self._began or number
                self._open.append(literal)

    def _no_number(self, number: int, line: str) -> None:
        for found in re.finditer(r"\S+", line):
            if not re.fullmatch(r"[+-]?\d{1,9}", found[0]):
                self.fault(number, found.start() + 1, f"expected the number of a variable, found '{found[0][:24]}'")
                return

    def _check_end(self) -> None:
        if self.faults:
            return
        if self.variables < 0:
            self.fault(0, 0, "expected a line 'p cnf VARIABLES CLAUSES', found none")
        elif self._open:
            self.fault(self._began, 0, "expected 0 at the end of the last clause, found the end of the file")
        elif len(self.clauses) != self.promised:
            self.fault(0, 0, f"expected {self.promised} clauses, as 'p cnf' says, found {len(self.clauses)}")

    def model(self, text: str) -> Model:
        names = self._features()
        root = self._root_name(names)
        members = tuple(Feature(name, 0, root) for name in names[1:])
        groups = (Group(GroupKind.OPTIONAL, root, members, 0, 0, len(members)),) if members else ()
        constraints = _constraints(self.clauses, names, root)
        return Model(self.file, Feature(root, 0, groups=groups), constraints, text)

    def _features(self) -> list[str]:
        """The name of each variable, by its number; of names that are used twice, the later ones get their number."""
        names, used = [""], set()
        for number in range(1, self.variables + 1):
            name = self.names.get(number, f"x{number}")
            while name in used:
                name = f"{name}_{number}"
            used.add(name)
            names.append(name)
        return names

    def _root_name(self, names: list[str]) -> str:
        root = _NOT_IN_NAMES.sub("_", Path(self.file).stem) or "model"
        used = set(names)
        while root in used:
            root = f"{root} model"
        return root


def _constraints(clauses: list[tuple[int, list[int]]], names: list[str], root: str) -> tuple[Rule, ...]:
    """Each clause as somebody would write it: `a & b => c | d`."""
    names_in = [Name(name) for name in names]
    names_out = [Not(name) for name in names_in]
    shown = [quoted(name) for name in names]
    kind = RuleKind.CONSTRAINT

    def of(literals: list[int]) -> tuple[str, Expression]:
        needed = [-literal for literal in literals if literal < 0]
        given = [literal for literal in literals if literal > 0]
        if not literals:
            return f"!{quoted(root)}", Not(Name(root))
        if not given:
            if len(needed) == 1:
                return f"!{shown[needed[0]]}", names_out[needed[0]]
            joined = " & ".join([shown[number] for number in needed])
            return f"!({joined})", Not(And(tuple([names_in[number] for number in needed])))
        right: Expression = names_in[given[0]] if len(given) == 1 else Or(tuple([names_in[number] for number in given]))
        right_text = " | ".join([shown[number] for number in given])
        if not needed:
            return right_text, right
        left: Expression = names_in[needed[0]] if len(needed) == 1 else And(tuple([names_in[number] for number in needed]))
        left_text = " & ".join([shown[number] for number in needed])
        return f"{left_text} => {right_text}", Implies(left, right)

    rules = []
    for line, literals in clauses:
        text, expression = of(literals)
        rules.append(Rule(kind, text, line, expression))
    return tuple(rules)
