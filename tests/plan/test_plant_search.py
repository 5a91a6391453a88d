"""The search for real plants: everything it makes can be carried out, and it gets better."""

from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lotone.plan.model.instance import After, Instance, Job, Mode, NoSchedule, Operation, Resource
from lotone.plan.solvers import plant
from lotone.plan.solvers.plant.native import Plan
from lotone.plan.solvers.plant.posing import left_of, schedule_of, shop_of
from lotone.plan.solvers.plant.search import first_plans
from lotone.plan.solvers.plant.shop import Tables
from lotone.plan.verify import verify

FAMILIES = 3


def random_instance(chance: Random, jobs: int = 6) -> Instance:
    """Machines with setups and closed hours, an oven, a shared place, operators; lags, alternatives, releases, assembly."""
    resources = [_machine(chance) for _ in range(4)]
    resources += [Resource(capacity=3, batch=True, setup=_setups(chance) if chance.random() < 0.5 else ())]
    resources += [Resource(capacity=4), Resource(capacity=2, closed=((60, 90), (200, 230))), Resource()]
    operations: list[Operation] = []
    for job in range(jobs):
        first = len(operations)
        for number in range(chance.randint(1, 5)):
            after = []
            if number:
                least = chance.choice((0, 0, 7))
                most = None if chance.random() < 0.8 else least + chance.randint(0, 60)
                before = len(operations) - 1 if chance.random() < 0.8 else chance.randrange(first, len(operations))
                after.append(After(before, least, most))
            modes = tuple(_mode(chance) for _ in range(chance.choice((1, 1, 2, 3))))
            release = chance.choice((0, 0, 40))
            operations.append(Operation(job, number, modes, tuple(after), release, chance.randrange(FAMILIES)))
    wanted = tuple(Job(chance.choice((None, chance.randint(30, 300))), chance.choice((0.5, 1.0, 3.0))) for _ in range(jobs))
    return Instance("random", tuple(resources), tuple(operations), wanted, chance.choice(("tardiness", "makespan")))


def _setups(chance: Random) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(0 if a == b else chance.randint(1, 20) for b in range(FAMILIES)) for a in range(FAMILIES))


def _machine(chance: Random) -> Resource:
    closed = tuple((start, start + chance.randint(5, 40)) for start in range(50, 1000, 150)) if chance.random() < 0.6 else ()
    if chance.random() < 0.5:
        return Resource(closed=closed)
    return Resource(closed=closed, setup=_setups(chance), family=chance.choice((-1, 0, 2)))


def _mode(chance: Random) -> Mode:
    takes = [(chance.randrange(4), 1)]
    if chance.random() < 0.3:
        takes = [(4, chance.randint(1, 2))]
    if chance.random() < 0.3:
        takes.append((5, chance.randint(1, 3)))
    if chance.random() < 0.3:
        takes.append((chance.choice((6, 7)), 1))
    return Mode(chance.randint(1, 30), tuple(takes))


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=25)
def test_all_that_is_found_can_be_carried_out(seed: int) -> None:
    """First plans by every rule and the plans of a search, of plants with everything in them."""
    chance = Random(seed)
    instance = random_instance(chance, chance.randint(1, 8))
    tables = Tables(shop_of(instance))
    for layout in first_plans(tables, left_of(tables, instance.order)):
        assert verify(instance, schedule_of(instance, tables, layout)).faults == ()
        search = Plan(tables, seed)
        search.place(layout)
        for temperature in (50.0, 0.0):
            search.search(400, temperature)
            verdict = verify(instance, schedule_of(instance, tables, search.best()))
            assert verdict.faults == ()


@given(st.integers(0, 2**32))
@settings(deadline=None, max_examples=8)
def test_a_search_never_ends_worse_than_the_first_plan(seed: int) -> None:
    instance = random_instance(Random(seed))
    assume(plant.fits(instance))
    try:
        found = plant.solve(instance, 0.05, 1, seed=seed)
    except NoSchedule:  # a setup that is longer than a longest wait, for one
        return
    objectives = [objective for _, objective in found.trace]
    assert objectives == sorted(objectives, reverse=True)
    assert found.objective == objectives[-1] == instance.value(found.schedule)


def test_due_dates_and_setups_are_found_out() -> None:
    """One machine, four operations of two colours: sorting by colour alone or by date alone is late."""
    machine = Resource(setup=((0, 50), (50, 0)))
    jobs = (Job(10), Job(130, 5.0), Job(20), Job(140, 5.0))
    operations = tuple(Operation(job, 0, (Mode(10, ((0, 1),)),), family=job % 2) for job in range(4))
    instance = Instance("colours", (machine,), operations, jobs, "tardiness")
    found = plant.solve(instance, 0.05, 1)
    assert (found.objective, found.status, found.bound) == (0.0, "optimal", 0.0)
    assert verify(instance, found.schedule).holds


def test_only_what_it_is_made_for_fits() -> None:
    two_ovens = tuple(Resource(capacity=2, batch=True) for _ in range(2))
    both = Operation(0, 0, (Mode(5, ((0, 1), (1, 1))),))
    assert not plant.fits(Instance("two ovens at once", two_ovens, (both,), (Job(3),), "tardiness"))
    assert not plant.fits(Instance("plain makespan", (Resource(),), (Operation(0, 0, (Mode(5, ((0, 1),)),)),), (Job(),)))
    assert plant.fits(Instance("closed", (Resource(closed=((1, 2),)),), (Operation(0, 0, (Mode(5, ((0, 1),)),)),), (Job(),)))
