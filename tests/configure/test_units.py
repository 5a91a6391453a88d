"""What one literal alone decides."""

import numpy as np
from hypothesis import given

from configure.circuits import formulas, solutions
from lotone.configure.reasoning.units import propagated


@given(formulas())
def test_the_solutions_stay_and_what_is_decided_stands_alone(formula: tuple[int, list[list[int]]]) -> None:
    variables, clauses = formula
    wanted = [clause for clause in clauses if not any(-literal in clause for literal in clause)]
    found = propagated(np.array([number for clause in wanted for number in (*set(clause), 0)], np.int32), variables)
    if found is None:
        assert not solutions(variables, wanted)
        return
    left = split(found.tolist())
    assert solutions(variables, left) == solutions(variables, wanted)
    decided = {abs(clause[0]) for clause in left if len(clause) == 1}
    assert not decided & {abs(literal) for clause in left for literal in clause if len(clause) > 1}


def split(numbers: list[int]) -> list[list[int]]:
    clauses: list[list[int]] = [[]]
    for number in numbers:
        if number:
            clauses[-1].append(number)
        else:
            clauses.append([])
    return clauses[:-1]
