"""What machines say of their jobs means the same in whatever order it is heard."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotone.assets import BAD, STALE, DataType, JobState, Meaning, Sample, Tag, Value
from lotone.kernel import Words
from lotone.make.model.job import MINUTE, Job, Report, horizon, news, read_jobs, report_of, superfluous

NUMBERS = {"job": 1, "job_state": 2, "energy": 3, "torque": 4, "speed": 5}
MEANINGS = {
    "job": Meaning.JOB,
    "job_state": Meaning.JOB_STATE,
    "energy": Meaning.JOB_ENERGY,
    "torque": Meaning.CHECK,
    "speed": Meaning.PARAMETER,
}


def said(name: str, minute: float, value: Value, sequence: int = 0) -> Report:
    return Report(NUMBERS[name], at(minute), sequence, name, MEANINGS[name], value)


def at(minute: float) -> int:
    return round(minute * MINUTE)


def one_job(number: int, start: int, *, torque: float = 12.0, energy: float = 0.4) -> list[Report]:
    """A job of ten minutes, as the machine protocol has it."""
    return [
        said("speed", start, 30.0),
        said("energy", start, 0.0),
        said("job", start, number),
        said("job_state", start, JobState.RUNNING.number),
        said("energy", start + 5, energy / 2),
        said("torque", start + 10, torque),
        said("energy", start + 10, energy),
        said("job_state", start + 10, JobState.DONE.number),
    ]


def test_a_job_is_read_from_its_reports() -> None:
    assert read_jobs(one_job(7, 100)) == [
        Job(7, at(100), at(110), JobState.DONE, 0.4, {"speed": 30.0}, {"torque": 12.0}, {"torque": 12.0})
    ]


def test_a_job_runs_until_its_machine_says_otherwise() -> None:
    (job,) = read_jobs(one_job(7, 100)[:5])
    assert (job.state, job.ended_at, job.energy_kwh, job.checks) == (JobState.RUNNING, None, 0.2, {})


def test_a_job_can_fail() -> None:
    (job,) = read_jobs([*one_job(7, 100)[:5], said("job_state", 108, JobState.FAILED.number)])
    assert (job.state, job.ended_at) == (JobState.FAILED, at(108))


def test_no_job_is_no_job() -> None:
    assert read_jobs([said("job", 1, 0), said("job_state", 1, 0)]) == []
    assert read_jobs([said("torque", 1, 3.0)]) == []


def test_a_machine_that_comes_back_repeats_itself() -> None:
    """A birth tells all present values again, at its own time."""
    again = [said("job", 150, 7), said("job_state", 150, 2), said("energy", 150, 0.9), said("torque", 150, 99.0)]
    assert read_jobs([*one_job(7, 100), *again]) == read_jobs(one_job(7, 100))


def test_a_result_that_did_not_change_is_in_effect_but_was_not_measured_in_the_job() -> None:
    first, second = one_job(7, 100), [report for report in one_job(8, 200) if report.name != "torque"]
    job = read_jobs([*first, *second])[1]
    assert job.checks == {}
    assert job.standing_checks == {"torque": 12.0}


def test_parameters_not_repeated_are_still_in_effect() -> None:
    second = [report for report in one_job(8, 200) if report.name != "speed"]
    assert read_jobs([*one_job(7, 100), *second])[1].parameters == {"speed": 30.0}


THREE_JOBS = [*one_job(7, 100, torque=11.5), *one_job(8, 200, energy=0.7), *one_job(9, 300, torque=13.0, energy=0.1)]


@given(st.permutations(THREE_JOBS))
def test_the_order_of_reports_does_not_matter(reports: list[Report]) -> None:
    assert read_jobs(reports) == read_jobs(THREE_JOBS)


@given(st.permutations(THREE_JOBS), st.lists(st.integers(1, 8), max_size=6))
def test_forgetting_on_the_way_changes_nothing(reports: list[Report], sizes: list[int]) -> None:
    """Reports come in pieces; after each, what is superfluous is forgotten."""
    kept: dict[tuple[int, int, int], Report] = {}
    rest = list(reports)
    for size in [*sizes, len(rest)]:
        piece, rest = rest[:size], rest[size:]
        kept |= {report.key: report for report in news(kept, piece)}
        for report in superfluous(kept.values(), read_jobs(kept.values())):
            del kept[report.key]
    assert read_jobs(kept.values()) == read_jobs(THREE_JOBS)


def test_the_memory_stays_small() -> None:
    kept: dict[tuple[int, int, int], Report] = {}
    for number in range(1, 100):
        kept |= {report.key: report for report in news(kept, one_job(number, number * 100, torque=number))}
        jobs = read_jobs(kept.values())
        for report in superfluous(kept.values(), jobs):
            del kept[report.key]
        assert [job.number for job in jobs if job.started_at >= horizon(jobs)] == list(range(max(1, number - 2), number + 1))
        assert len(kept) <= 3 * len(one_job(1, 0)) + len(NUMBERS)


def test_of_many_energy_readings_a_few_are_kept() -> None:
    job = one_job(7, 100)
    every_second = [said("energy", 100 + second / 60, second / 1500) for second in range(1, 600)]
    kept = [*job, *every_second]
    dropped = {report.key for report in superfluous(kept, read_jobs(kept))}
    assert len(kept) - len(dropped) < 40
    assert read_jobs([report for report in kept if report.key not in dropped]) == read_jobs(job)


def test_news_are_what_is_not_known() -> None:
    known = {report.key: report for report in one_job(7, 100)}
    assert news(known, one_job(7, 100)) == []
    corrected = replace(said("torque", 110, 12.5))
    assert news(known, [corrected, corrected]) == [corrected]
    assert news(known, [said("speed", 103, 30.0), said("speed", 104, 31.0)]) == [said("speed", 104, 31.0)]


@pytest.mark.parametrize(
    ("meaning", "quality", "is_report"),
    [
        (Meaning.JOB, 0, True),
        (Meaning.JOB, 0x40000000, True),
        (Meaning.JOB, BAD, False),
        (Meaning.JOB, STALE, False),
        (Meaning.SENSOR, 0, False),
        (Meaning.STATE, 0, False),
    ],
)
def test_only_good_samples_about_jobs_are_reports(meaning: Meaning, quality: int, is_report: bool) -> None:
    tag = Tag(1, "paint-1", "x", Words("X"), DataType.INTEGER, meaning)
    assert (report_of(tag, Sample(1, 5, 3, quality)) is not None) == is_report
