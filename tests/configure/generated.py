"""Models that hypothesis makes up: trees with every kind of group, attributes, typed features, instances and constraints."""

from hypothesis import strategies as st

NUMBERS = st.sampled_from(["0", "1", "2", "5", "-3", "0.5", "2.25"])
SIGNS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


@st.composite
def trees(draw: st.DrawFn, most: int = 8, *, cloned: bool = False) -> tuple[list[str], list[str]]:
    """The lines of a section `features`, and the names of the features, the root first. Attributes are W, `two words`, on."""
    names = [f"f{number}" for number in range(draw(st.integers(2, most)))]
    groups: list[tuple[str, str, list[str]]] = []
    for at, name in enumerate(names[1:], start=1):
        if groups and draw(st.booleans()):
            draw(st.sampled_from(groups))[2].append(name)
        else:
            kind = draw(st.sampled_from(["mandatory", "optional", "optional", "alternative", "or", "range"]))
            groups.append((draw(st.sampled_from(names[:at])), kind, [name]))
    clone = draw(st.sampled_from(names[1:])) if cloned else ""

    def below(name: str, indent: int) -> list[str]:
        pairs = [f"W {draw(NUMBERS)}"] if draw(st.booleans()) else []
        pairs += [f'"two words" {draw(NUMBERS)}'] if draw(st.integers(0, 3)) == 0 else []
        pairs += [draw(st.sampled_from(["on", "on true", "tag 'red'", "Price 2.50", "map {a 1, b ['x', 2]}", "abstract"]))] * (
            draw(st.integers(0, 3)) == 0
        )
        times = f" cardinality [{draw(st.integers(0, 1))}..{draw(st.integers(1, 2))}]" if name == clone else ""
        lines = [" " * indent + name + times + (f" {{{', '.join(pairs)}}}" if pairs else "")]
        for parent, kind, members in groups:
            if parent == name:
                low = draw(st.integers(0, len(members)))
                high = draw(st.integers(max(low, 1), len(members)))
                lines.append(" " * (indent + 4) + (f"[{low}..{high}]" if kind == "range" else kind))
                for member in members:
                    lines += below(member, indent + 8)
        return lines

    return below(names[0], 4), names


def rules(names: list[str], *, values: tuple[str, ...] = (), texts: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    """Constraints over the features; with `values` and `texts` also over the numbers and texts of those."""
    feature = st.sampled_from(names)
    total = st.builds(
        "{}({}{})".format, st.sampled_from(["sum", "avg"]), st.just("W"), feature.map(", {}".format) | st.just("")
    )
    leaves = [total, NUMBERS, feature]
    if values:
        leaves.append(st.sampled_from(values))
        leaves.append(st.builds("{}({})".format, st.sampled_from(["floor", "ceil"]), st.sampled_from(values)))
    if texts:
        leaves.append(st.sampled_from(texts).map("len({})".format))
    term = st.one_of(leaves)
    term = st.one_of(term, st.builds("({} {} {})".format, term, st.sampled_from("+-*/"), term))
    compared = st.builds("{} {} {}".format, term, SIGNS, term)
    if texts:
        sides = st.one_of(st.sampled_from(texts), st.sampled_from(["'red'", "'blue'"]))
        compared = st.one_of(
            compared, st.builds("{} {} {}".format, st.sampled_from(texts), st.sampled_from(["==", "!="]), sides)
        )
    atom = st.one_of(feature, feature.map("!{}".format), compared, compared.map("!({})".format))
    return st.one_of(
        atom,
        st.builds("{} => {}".format, atom, atom),
        st.builds("{} & {} => {}".format, atom, atom, atom),
        st.builds("({} | {}) <=> {}".format, atom, atom, atom),
    )


@st.composite
def texts(draw: st.DrawFn, most: int = 8, *, cloned: bool = False) -> str:
    """A model in UVL with sums over attributes."""
    lines, names = draw(trees(most, cloned=cloned))
    if not any("W " in line for line in lines):
        lines[0] = f"    {names[0]} {{W 2}}"
    constraints = draw(st.lists(rules(names), max_size=4))
    return "\n".join(
        ["features", *lines, *(["constraints"] if constraints else []), *(f"    {rule}" for rule in constraints), ""]
    )
