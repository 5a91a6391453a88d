"""Random small instances with everything an instance can say."""

from hypothesis import strategies as st

from lotone.plan.model.instance import After, Instance, Job, Mode, Operation, Resource

FAMILIES = 3


@st.composite
def resources(draw: st.DrawFn) -> Resource:
    kind = draw(st.sampled_from(["machine", "pool", "setups", "batch", "batch with setups"]))
    setup: tuple[tuple[int, ...], ...] = ()
    if "setups" in kind:
        row = st.tuples(*[st.integers(0, 4)] * FAMILIES)
        setup = draw(st.tuples(*[row] * FAMILIES))
    gaps = draw(st.lists(st.tuples(st.integers(0, 8), st.integers(1, 5)), max_size=2))
    closed, at = [], 0
    for gap, length in gaps:
        closed.append((at + gap, at + gap + length))
        at += gap + length
    return Resource(
        capacity=draw(st.integers(2, 4)) if kind in ("pool", "batch", "batch with setups") else 1,
        batch=kind.startswith("batch"),
        closed=tuple(closed),
        setup=setup,
        family=draw(st.integers(-1, FAMILIES - 1)) if setup else -1,
    )


@st.composite
def modes(draw: st.DrawFn, available: tuple[Resource, ...]) -> Mode:
    taken = draw(st.lists(st.integers(0, len(available) - 1), min_size=1, max_size=2, unique=True))
    amounts = [draw(st.integers(1, available[resource].capacity)) for resource in taken]
    shortest = 1 if any(available[resource].setup for resource in taken) else 0
    return Mode(draw(st.integers(shortest, 6)), tuple(zip(taken, amounts, strict=True)))


@st.composite
def instances(draw: st.DrawFn, *, longest_lags: bool = True) -> Instance:
    available = tuple(draw(st.lists(resources(), min_size=1, max_size=3)))
    jobs = tuple(
        draw(
            st.lists(st.builds(Job, st.none() | st.integers(0, 20), st.sampled_from([0.5, 1.0, 2.5])), min_size=1, max_size=4)
        )
    )
    operations: list[Operation] = []
    numbers = [0] * len(jobs)
    for index in range(draw(st.integers(1, 7))):
        job = draw(st.integers(0, len(jobs) - 1))
        before = draw(st.lists(st.integers(0, index - 1), max_size=2, unique=True)) if index else []
        after = []
        for each in before:
            least = draw(st.integers(0, 3))
            most = draw(st.none() | st.integers(least, least + 12)) if longest_lags else None
            after.append(After(each, least, most))
        ways = tuple(draw(st.lists(modes(available), min_size=1, max_size=3)))
        release, family = draw(st.integers(0, 5)), draw(st.integers(0, FAMILIES - 1))
        operations.append(Operation(job, numbers[job], ways, tuple(after), release, family))
        numbers[job] += 1
    return Instance("made up", available, tuple(operations), jobs, draw(st.sampled_from(["makespan", "tardiness"])))
