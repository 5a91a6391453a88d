"""DIMACS written: the clauses of a model, its features named in comments."""

from lotone.configure.model.features import Model
from lotone.configure.reasoning.clauses import Clauses
from lotone.kernel import Invalid


class NotBoolean(Invalid):
    """A model that clauses alone can't express, as it has rules over numbers or texts."""


def write_dimacs(model: Model) -> str:
    """The model's clauses: variables 1..n are the features in their order, named by lines `c 12 Rack`; those after them
    are defined by the clauses, so that there are as many solutions as configurations. Raises NotBoolean."""
    clauses = Clauses(model)
    if clauses.is_typed:
        shown = ", ".join(feature.name for feature in model.features.values() if feature.is_typed)
        raise NotBoolean(f"{model.name}: rules over numbers or texts ({shown or 'of attributes'}) have no form as clauses")
    lines = [f"c {number} {name}" for number, name in enumerate(clauses.names, start=1)]
    every = clauses.all()
    lines.append(f"p cnf {clauses.top} {len(every)}")
    lines += [" ".join(map(str, [*clause, 0])) for clause in every]
    return "\n".join(lines) + "\n"
