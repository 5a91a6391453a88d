"""Projects with renewable resources (RCPSP) in Patterson's format."""

from pathlib import Path

from lotone.plan.formats.text import MOST_MODES, MOST_OPERATIONS, MOST_RESOURCES, Numbers, numbers
from lotone.plan.model.instance import After, Instance, Job, Mode, Operation, Resource


def read_rcpsp(path: Path, text: str) -> Instance:
    """A project: "activities resources", the capacities, and for each activity its duration, what it takes of each resource,
    how many successors it has and which (from 1).

    Activity k of the file is job k - 1 with the one operation 0, the project's start and end included.
    """
    words = numbers(path, text)
    count = words.take("how many activities there are", least=1, most=MOST_OPERATIONS)
    kinds = words.take("how many resources there are", most=MOST_RESOURCES)
    capacities = [words.take(f"the capacity of resource {each}") for each in range(kinds)]
    before: list[list[int]] = [[] for _ in range(count)]
    modes = []
    arcs = 0
    for activity in range(count):
        modes.append(_mode(words, capacities, activity))
        successors = words.take("how many successors there are", most=count)
        arcs += successors
        if arcs > MOST_MODES or (activity + 1) * kinds > MOST_MODES:
            raise words.fault(f"at most {MOST_MODES} successors and demands are read")
        for _ in range(successors):
            before[words.take("a successor", least=1, most=count) - 1].append(activity)
    words.finish()
    operations = tuple(
        Operation(activity, 0, (modes[activity],), tuple(After(each) for each in before[activity]))
        for activity in range(count)
    )
    return Instance(path.stem, tuple(Resource(max(each, 1)) for each in capacities), operations, (Job(),) * count)


def _mode(words: Numbers, capacities: list[int], activity: int) -> Mode:
    duration = words.take(f"the duration of activity {activity + 1}")
    taken = [
        (resource, words.take(f"what activity {activity + 1} takes of resource {resource + 1}", most=capacity))
        for resource, capacity in enumerate(capacities)
    ]
    return Mode(duration, tuple((resource, amount) for resource, amount in taken if amount))
