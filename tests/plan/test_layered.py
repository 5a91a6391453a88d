"""Mappings of which changed copies are cheap: they behave as dicts that were copied and changed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from lotone.plan.model.layered import Layered

KEYS = st.integers(0, 60)
CHANGES = st.lists(st.tuples(st.dictionaries(KEYS, st.text(max_size=2), max_size=12), st.lists(KEYS, max_size=6)), max_size=12)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(KEYS, st.text(max_size=2)), CHANGES)
def test_every_version_is_as_a_dict_copied_and_changed(
    start: dict[int, str], changes: list[tuple[dict[int, str], list[int]]]
) -> None:
    versions, dicts = [Layered(start)], [dict(start)]
    for put, gone in changes:
        versions.append(versions[-1].with_changes(put, gone))
        dicts.append({**{key: value for key, value in dicts[-1].items() if key not in gone}, **put})
    for version, as_dict in zip(versions, dicts, strict=True):
        assert dict(version.items()) == as_dict
        assert sorted(version) == sorted(as_dict) and len(version) == len(as_dict)
        assert sorted(version.values()) == sorted(as_dict.values())
        assert all((key in version) == (key in as_dict) and version.get(key) == as_dict.get(key) for key in range(61))


def test_a_value_that_changes_keeps_its_place() -> None:
    changed = Layered({1: "a", 2: "b", 3: "c"}).with_changes({2: "B", 4: "d"}, [1])
    assert list(changed.items()) == [(2, "B"), (3, "c"), (4, "d")]


def test_differences_are_found_near_and_far() -> None:
    first = Layered({number: [number] for number in range(100)})
    near = first.with_changes({5: [5], 200: [200]}, [7])
    assert {key for key, _, _ in near.differences(first)} == {5, 7, 200}
    far = near
    for number in range(60):
        far = far.with_changes({number: [number]})
    assert {key for key, _, _ in far.differences(first)} == {*range(60), 200}
    assert [(old, new) for key, old, new in near.differences(first) if key == 7] == [([7], None)]
