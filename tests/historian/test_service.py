"""What the historian keeps and answers."""

from pathlib import Path

import pytest

from lotone.assets import BAD, STALE, UNCERTAIN, Sample, Value
from lotone.historian import Appended, Historian, HistorianTaken, WrongRange, WrongSample

DAY = 86_400_000_000
NOON = 1_770_000_000_000_000
"""A moment in February 2026."""


def numbers(tag: int, *values: float, start: int = NOON, step: int = 1_000_000) -> list[Sample]:
    return [Sample(tag, start + place * step, value, receive_time=start) for place, value in enumerate(values)]


def test_samples_are_read_back(shared: Historian, organization: str, tag: int) -> None:
    samples = [
        Sample(tag, NOON, 1.25, receive_time=NOON + 5),
        Sample(tag, NOON + 1, -0.0, quality=UNCERTAIN, sequence=7, receive_time=NOON + 6),
        Sample(tag, NOON + 2 * DAY, 3.5, quality=STALE, receive_time=NOON + 7),
    ]
    assert shared.append(organization, samples) == Appended(new=3)
    series = shared.read(organization, [tag], NOON, NOON + 3 * DAY)
    assert list(series.points[tag].samples(tag)) == samples
    assert series.complete


@pytest.mark.parametrize(
    "value",
    [1.5, 0, 1, -7, 2**53 + 1, -(2**63), 2**64 - 1, 10**30, True, False, "", "läuft", "运行", "a'b\"c\n\0d", 1e308, 5e-324],
)
def test_a_value_comes_back_as_it_was_sent(shared: Historian, organization: str, tag: int, value: Value) -> None:
    shared.append(organization, [Sample(tag, NOON, value), *numbers(tag + 1, 1.0)])
    read = shared.read(organization, [tag], NOON, NOON + 1).points[tag].value[0]
    assert read == value
    assert type(read) is type(value)
    assert shared.last(organization, [tag])[tag].value == value


def test_the_end_of_a_range_is_not_in_it(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, 1, 2, 3))
    assert shared.read(organization, [tag], NOON, NOON + 2_000_000).points[tag].value == [1, 2]


def test_a_tag_without_samples_is_in_the_answer(shared: Historian, organization: str, tag: int) -> None:
    series = shared.read(organization, [tag], NOON, NOON + 1)
    assert series.points[tag].time == []
    assert shared.read(organization, [tag], NOON, NOON + 1, buckets=3).buckets[tag].start == []
    assert shared.last(organization, [tag]) == {}
    assert shared.count(organization) == 0
    assert shared.read(organization, [], NOON, NOON + 1).complete


def test_nothing_is_appended(shared: Historian, organization: str) -> None:
    assert shared.append(organization, []) == Appended()


def test_the_same_samples_again_are_duplicates(shared: Historian, organization: str, tag: int) -> None:
    batch = numbers(tag, 1, 2, 3)
    shared.append(organization, batch)
    assert shared.append(organization, batch) == Appended(duplicate=3)
    assert shared.append(organization, numbers(tag, 1, 2, 3, 4)) == Appended(new=1, duplicate=3)
    assert shared.count(organization, [tag]) == 4


def test_a_batch_may_repeat_itself(shared: Historian, organization: str, tag: int) -> None:
    batch = numbers(tag, 1, 2)
    assert shared.append(organization, batch + batch) == Appended(new=2, duplicate=2)
    assert shared.read(organization, [tag], NOON, NOON + DAY).points[tag].value == [1, 2]


def test_late_samples_find_their_place(shared: Historian, organization: str, tag: int) -> None:
    batch = numbers(tag, 1, 2, 3, 4)
    shared.append(organization, batch[2:])
    assert shared.append(organization, batch[:3]) == Appended(new=2, duplicate=1)
    assert shared.read(organization, [tag], NOON, NOON + DAY).points[tag].value == [1, 2, 3, 4]
    assert shared.last(organization, [tag])[tag].value == 4


def test_several_samples_of_one_moment_differ_by_their_sequence(shared: Historian, organization: str, tag: int) -> None:
    moment = [Sample(tag, NOON, float(place), sequence=place) for place in (2, 0, 1)]
    assert shared.append(organization, moment) == Appended(new=3)
    assert shared.read(organization, [tag], NOON, NOON + 1).points[tag].value == [0, 1, 2]
    assert shared.append(organization, [Sample(tag, NOON, 9.0, sequence=3)]) == Appended(new=1)
    assert shared.last(organization, [tag])[tag].value == 9


def test_a_correction_counts_from_now_on_and_stays_visible(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, 1, 2, 3))
    corrected = Sample(tag, NOON + 1_000_000, 20.0, receive_time=NOON + DAY)
    assert shared.append(organization, [corrected]) == Appended(corrected=1)
    assert shared.read(organization, [tag], NOON, NOON + DAY).points[tag].value == [1, 20, 3]
    assert shared.read(organization, [tag], NOON, NOON + DAY, buckets=1).buckets[tag].max == [20]
    assert shared.increase(organization, [tag], NOON, NOON + DAY) == {tag: 19 + 3}
    assert shared.count(organization, [tag]) == 3
    assert shared.append(organization, [corrected]) == Appended(duplicate=1)
    assert [revision.value for revision in shared.revisions(organization, tag, NOON, NOON + DAY)[NOON + 1_000_000, 0]] == [
        2,
        20,
    ]


def test_a_correction_of_the_newest_sample_is_the_newest(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, 1, 2))
    shared.append(organization, [Sample(tag, NOON + 1_000_000, 5.0, receive_time=NOON + 9)])
    assert shared.last(organization, [tag])[tag].value == 5


def test_what_was_received_earlier_does_not_win(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, [Sample(tag, NOON, 2.0, receive_time=NOON + 9)])
    assert shared.append(organization, [Sample(tag, NOON, 1.0, receive_time=NOON + 3)]) == Appended(corrected=1)
    assert shared.read(organization, [tag], NOON, NOON + 1).points[tag].value == [2]
    assert shared.last(organization, [tag])[tag].value == 2


def test_one_batch_may_hold_a_value_and_its_correction(shared: Historian, organization: str, tag: int) -> None:
    both = [Sample(tag, NOON, 1.0, receive_time=NOON), Sample(tag, NOON, 2.0, receive_time=NOON)]
    assert shared.append(organization, both) == Appended(new=1, corrected=1)
    assert shared.append(organization, both) == Appended(duplicate=2)
    assert shared.read(organization, [tag], NOON, NOON + 1).points[tag].value == [2]
    assert shared.last(organization, [tag])[tag].value == 2


def test_organizations_never_see_each_other(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, 1, 2))
    other = f"{organization}-other"
    shared.append(other, numbers(tag + 1, 7))
    assert shared.read(other, [tag], NOON, NOON + DAY).points[tag].time == []
    assert shared.read(other, [tag], NOON, NOON + DAY, buckets=2).buckets[tag].start == []
    assert shared.last(other, [tag]) == {}
    assert shared.count(other, [tag]) == 0
    assert shared.count(other) == 1
    assert shared.increase(other, [tag], NOON, NOON + DAY) == {}
    assert shared.revisions(other, tag, NOON, NOON + DAY) == {}


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        (Sample(1, NOON, float("nan")), "not a finite number"),
        (Sample(1, NOON, float("-inf")), "not a finite number"),
        (Sample(1, NOON, 10**400), "300 digits"),
        (Sample(1, NOON, "\ud800"), "not valid Unicode"),
        (Sample(1, NOON, b"raw"), "a bytes is not"),  # type: ignore[arg-type]
        (Sample(0, NOON, 1.0), "tag 0"),
        (Sample(2**31, NOON, 1.0), "tag"),
        (Sample(1, 10**18, 1.0), "source_time"),
        (Sample(1, 10**30, 1.0), "source_time"),
        (Sample(1, None, 1.0), "source_time"),  # type: ignore[arg-type]
        (Sample(1, NOON, 1.0, sequence=2**63), "sequence"),
        (Sample(1, NOON, 1.0, quality=-1), "quality"),
        (Sample(1, NOON, 1.0, quality=2**32), "quality"),
    ],
)
def test_a_sample_that_cannot_be_kept_is_named_and_nothing_is_kept(
    shared: Historian, organization: str, tag: int, wrong: Sample, fault: str
) -> None:
    with pytest.raises(WrongSample, match=fault):
        shared.append(organization, [*numbers(tag, 1), wrong])
    assert shared.count(organization) == 0


def test_buckets_sum_up(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, 5, 1, 3, 9, 7, step=10))
    buckets = shared.read(organization, [tag], NOON, NOON + 60, buckets=2).buckets[tag]
    assert (buckets.start, buckets.count) == ([NOON, NOON + 30], [3, 2])
    assert (buckets.min, buckets.max, buckets.mean) == ([1, 7], [5, 9], [3, 8])
    assert (buckets.first, buckets.last, buckets.quality) == ([5, 9], [3, 7], [0, 0])


def test_buckets_without_a_sample_are_left_out(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, 1, 2, step=90))
    assert shared.read(organization, [tag], NOON, NOON + 100, buckets=10).buckets[tag].start == [NOON, NOON + 90]


def test_bad_values_are_counted_but_not_summed_up(shared: Historian, organization: str, tag: int) -> None:
    shared.append(
        organization,
        [Sample(tag, NOON, 1.0), Sample(tag, NOON + 1, 99.0, quality=BAD), Sample(tag, NOON + 2, 3.0, quality=UNCERTAIN),
         Sample(tag, NOON + 10, 50.0, quality=STALE)],
    )  # fmt: skip
    buckets = shared.read(organization, [tag], NOON, NOON + 20, buckets=2).buckets[tag]
    assert (buckets.count, buckets.quality) == ([3, 1], [BAD, STALE])
    assert (buckets.max, buckets.mean, buckets.last, buckets.first) == ([3, None], [2, None], [3, None], [1, None])


def test_texts_and_booleans_in_buckets(shared: Historian, organization: str, tag: int) -> None:
    texts = [Sample(tag, NOON + place, text) for place, text in enumerate(["red", "green", "blue"])]
    switches = [Sample(tag + 1, NOON + place, value) for place, value in enumerate([True, False])]
    shared.append(organization, texts + switches)
    buckets = shared.read(organization, [tag, tag + 1], NOON, NOON + 5, buckets=1).buckets
    assert (buckets[tag].first, buckets[tag].last, buckets[tag].min, buckets[tag].count) == (["red"], ["blue"], [None], [3])
    assert (buckets[tag + 1].first, buckets[tag + 1].last, buckets[tag + 1].mean) == ([True], [False], [0.5])


def test_a_cut_answer_says_so_and_can_be_continued(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, *range(10)) + numbers(tag + 1, *range(10)))
    end = NOON + DAY
    series = shared.read(organization, [tag, tag + 1], NOON, end, limit=7)
    assert not series.complete
    assert series.until == NOON + 3_000_000  # the seventh sample has the same time as the eighth, which is not in the answer
    values = list(series.points[tag].value)
    while not series.complete:
        series = shared.read(organization, [tag, tag + 1], series.until, end, limit=7)
        values += series.points[tag].value
    assert values == list(range(10))


def test_cut_buckets_say_so(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, *range(10), step=10))
    series = shared.read(organization, [tag], NOON, NOON + 100, buckets=10, limit=4)
    assert not series.complete
    assert series.until == NOON + 40
    assert len(series.buckets[tag].start) == 4


def test_an_answer_that_just_fits_is_complete(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, *range(10)))
    assert shared.read(organization, [tag], NOON, NOON + DAY, limit=10).complete


def test_more_samples_in_one_moment_than_the_limit_are_refused(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, [Sample(tag + place, NOON, 1.0) for place in range(5)])
    with pytest.raises(WrongRange, match="share the moment"):
        shared.read(organization, [tag + place for place in range(5)], NOON, NOON + 1, limit=4)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_of_nothing_is_refused(shared: Historian, organization: str, limit: int) -> None:
    with pytest.raises(WrongRange, match="limit"):
        shared.read(organization, [1], NOON, NOON + 1, limit=limit)


def test_a_counter_that_falls_began_anew(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, [*numbers(tag, 10, 15, 2, 3), Sample(tag, NOON + 500_000, 9999.0, quality=BAD)])
    assert shared.increase(organization, [tag, tag + 1], NOON, NOON + DAY) == {tag: 5 + 2 + 1}


def test_everything_is_found_after_a_new_start(tmp_path: Path) -> None:
    historian = Historian(tmp_path)
    historian.append("one", numbers(1, 1, 2, 3))
    historian.append("two", numbers(2, 4))
    historian.append("one", [Sample(1, NOON, 9.0, receive_time=NOON + 1)])
    historian.close()

    historian = Historian(tmp_path)
    assert historian.append("one", numbers(1, 9, 2, 3)) == Appended(duplicate=3)
    assert historian.read("one", [1], NOON, NOON + DAY).points[1].value == [9, 2, 3]
    assert historian.last("one", [1, 2]) == {1: Sample(1, NOON + 2_000_000, 3.0, receive_time=NOON)}
    assert historian.last("two", [2])[2].value == 4
    historian.close()


def test_a_folder_can_be_moved(tmp_path: Path) -> None:
    historian = Historian(tmp_path / "old")
    historian.append("one", numbers(1, 1, 2))
    historian.close()
    (tmp_path / "old").rename(tmp_path / "it's new")
    historian = Historian(tmp_path / "it's new")
    assert historian.append("one", numbers(1, 1, 2, 3)) == Appended(new=1, duplicate=2)
    assert historian.read("one", [1], NOON, NOON + DAY).points[1].value == [1, 2, 3]
    historian.close()


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    historian = Historian(tmp_path)
    with pytest.raises(HistorianTaken, match=r"in use by process \d+ on .+ since 20"):
        Historian(tmp_path)
    historian.append("one", numbers(1, 1))
    historian.close()
    historian.close()
    Historian(tmp_path).close()


def test_samples_of_many_days_in_one_batch(shared: Historian, organization: str, tag: int) -> None:
    shared.append(organization, numbers(tag, *range(40), step=DAY))
    assert shared.read(organization, [tag], NOON, NOON + 100 * DAY).points[tag].value == list(range(40))
