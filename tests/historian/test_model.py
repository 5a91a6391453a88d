"""When a repeated sample is a duplicate, and how a range is cut into buckets."""

import pytest

from lotone.assets import BAD, Sample, Value
from lotone.historian.model import Points, Revision, WrongRange, bucket_width, check_range, is_duplicate, valid_revision

FIRST = Revision(0, 100, 5.0, 0)


def sample(value: Value, receive_time: int, quality: int = 0) -> Sample:
    return Sample(1, 10, value, quality=quality, receive_time=receive_time)


@pytest.mark.parametrize("value", [5.0, 5])
def test_the_same_value_is_a_duplicate_whenever_it_is_received(value: Value) -> None:
    assert is_duplicate(sample(value, 100), [FIRST])
    assert is_duplicate(sample(value, 900), [FIRST])


@pytest.mark.parametrize("value", [6.0, "5.0", False])
def test_another_value_is_a_correction(value: Value) -> None:
    assert not is_duplicate(sample(value, 900), [FIRST])


def test_another_quality_is_a_correction() -> None:
    assert not is_duplicate(sample(5.0, 900, BAD), [FIRST])


def test_an_old_revision_delivered_once_more_is_a_duplicate() -> None:
    corrected = [FIRST, Revision(1, 200, 6.0, 0)]
    assert is_duplicate(sample(5.0, 100), corrected)


def test_going_back_to_the_old_value_is_a_correction() -> None:
    corrected = [FIRST, Revision(1, 200, 6.0, 0)]
    assert not is_duplicate(sample(5.0, 300), corrected)


def test_the_revision_received_last_counts_even_if_it_came_first() -> None:
    late = Revision(1, 50, 6.0, 0)
    assert valid_revision([FIRST, late]) == FIRST


def test_of_revisions_received_together_the_one_kept_last_counts() -> None:
    second = Revision(1, 100, 6.0, 0)
    assert valid_revision([second, FIRST]) == second


def test_true_and_one_are_the_same_number() -> None:
    assert is_duplicate(sample(True, 900), [Revision(0, 100, 1, 0)])


@pytest.mark.parametrize(
    ("start", "end", "buckets", "width"), [(0, 100, 10, 10), (0, 101, 10, 11), (5, 5, 3, 1), (0, 2, 10, 1)]
)
def test_buckets_cover_the_range(start: int, end: int, buckets: int, width: int) -> None:
    assert bucket_width(start, end, buckets) == width
    assert start + buckets * width >= end


@pytest.mark.parametrize(("start", "end"), [(10, 9), (-(2**62), 0), (0, 2**62)])
def test_a_range_that_makes_no_sense_is_refused(start: int, end: int) -> None:
    with pytest.raises(WrongRange):
        check_range(start, end)


def test_no_buckets_are_refused() -> None:
    with pytest.raises(WrongRange, match="at least one"):
        bucket_width(0, 10, 0)


def test_points_are_samples_again() -> None:
    points = Points(time=[10, 20], value=[1.5, "x"], quality=[0, BAD], sequence=[0, 3], receive_time=[11, 21])
    assert list(points.samples(7)) == [Sample(7, 10, 1.5, 0, 0, 11), Sample(7, 20, "x", BAD, 3, 21)]
