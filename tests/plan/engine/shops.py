"""Random shops that the engine takes, and their best makespan by trying everything."""

from hypothesis import strategies as st

from lotone.plan.model.instance import After, Instance, Job, Mode, Operation, Resource


@st.composite
def shops(draw: st.DrawFn, most: int = 6) -> Instance:
    """Alternatives, jobs that come back to a machine, assembly, lags, releases, zero durations, jobs without operations."""
    machines, jobs = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    operations: list[Operation] = []
    for index in range(draw(st.integers(1, most))):
        before = draw(st.lists(st.integers(0, index - 1), max_size=3)) if index else []
        chosen = draw(st.lists(st.integers(0, machines - 1), min_size=1, max_size=3))
        operations.append(
            Operation(
                job=draw(st.integers(0, jobs - 1)),
                number=index,
                modes=tuple(Mode(draw(st.integers(0, 6)), ((machine, 1),)) for machine in chosen),
                after=tuple(After(each, draw(st.integers(0, 3))) for each in before),
                release=draw(st.sampled_from([0, 0, 0, 4])),
            )
        )
    return Instance("random", (Resource(),) * machines, tuple(operations), (Job(),) * jobs)


def best_makespan(instance: Instance) -> int:
    """Tries every order and every mode; each operation starts as early as what was placed before allows."""
    best = 1 << 60

    def place(ends: dict[int, int], free: tuple[int, ...]) -> None:
        nonlocal best
        if max(free, default=0) >= best:
            return
        if len(ends) == len(instance.operations):
            best = max(ends.values())
        for index, operation in enumerate(instance.operations):
            if index in ends or any(each.operation not in ends for each in operation.after):
                continue
            ready = max([operation.release, *(ends[each.operation] + each.least for each in operation.after)])
            for mode in operation.modes:
                end = max(ready, free[mode.machine]) + mode.duration
                place({**ends, index: end}, (*free[: mode.machine], end, *free[mode.machine + 1 :]))

    place({}, (0,) * len(instance.resources))
    return best


def job_shop(rows: list[list[tuple[int, int]]]) -> Instance:
    """Per job its operations as (machine, duration)."""
    operations = []
    for job, row in enumerate(rows):
        for number, (machine, duration) in enumerate(row):
            after = (After(len(operations) - 1),) if number else ()
            operations.append(Operation(job, number, (Mode(duration, ((machine, 1),)),), after))
    machines = 1 + max(machine for row in rows for machine, _ in row)
    return Instance("shop", (Resource(),) * machines, tuple(operations), (Job(),) * len(rows))
