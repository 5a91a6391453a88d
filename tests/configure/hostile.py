"""Models made to be hard."""

from random import Random


def random_3sat(variables: int, seed: int = 1, ratio: float = 4.26) -> str:
    """Random 3-SAT at the ratio of clauses to variables where it is hardest (Mitchell, Selman, Levesque 1992), as UVL."""
    chance = Random(seed)
    names = [f"v{number}" for number in range(variables)]
    clauses = [[(chance.choice(("", "!")), name) for name in chance.sample(names, 3)] for _ in range(round(ratio * variables))]
    rules = [" | ".join(sign + name for sign, name in clause) for clause in clauses]
    head = ["features", "    Hard", "        optional", *("            " + name for name in names)]
    return "\n".join([*head, "constraints", *("    " + rule for rule in rules)]) + "\n"


def deep(levels: int) -> str:
    """A tree in which every feature hangs below the one before."""
    lines = ["features"]
    for level in range(levels):
        lines.append("    " * (2 * level + 1) + f"f{level}")
        if level < levels - 1:
            lines.append("    " * (2 * level + 2) + "optional")
    return "\n".join(lines) + "\n"
