"""What a machine says about its jobs, read from its reports whatever their order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lotone.assets import BAD, JobState, Meaning, Sample, Tag, Value

JOBS_REMEMBERED = 3
"""A machine starts a job only when asked, so what it still has to report is about its last two jobs; one more for safety."""
MINUTE = 60_000_000
"""In microseconds of source time."""
LOGGED = frozenset((Meaning.JOB, Meaning.JOB_STATE, Meaning.JOB_ENERGY, Meaning.CHECK, Meaning.PARAMETER))


@dataclass(frozen=True)
class Report:
    """One sample of a tag that speaks of jobs. The first three say which report it is; the same again is a duplicate."""

    tag: int
    source_time: int
    sequence: int
    name: str
    meaning: Meaning
    value: Value

    @property
    def key(self) -> tuple[int, int, int]:
        return (self.tag, self.source_time, self.sequence)

    @property
    def moment(self) -> tuple[int, int]:
        return (self.source_time, self.sequence)


def report_of(tag: Tag, sample: Sample) -> Report | None:
    """The report in a sample; None when it says nothing of jobs, or the machine itself calls the value bad."""
    if tag.meaning not in LOGGED or sample.quality >= BAD:
        return None
    return Report(tag.number, sample.source_time, sample.sequence, tag.name, tag.meaning, sample.value)


Key = tuple[int, int, int]


def news(known: Mapping[Key, Report], heard: Iterable[Report]) -> list[Report]:
    """What was heard and is not known yet, or known with another value; parameters repeated unchanged are no news."""
    fresh: dict[Key, Report] = {}
    in_effect: dict[int, list[Report]] = {}
    for report in sorted([*known.values(), *heard], key=lambda report: (report.source_time, report.sequence)):
        before = fresh.get(report.key) or known.get(report.key)
        if before is not None and before.value == report.value:
            in_effect.setdefault(report.tag, []).append(report)
            continue
        standing = in_effect.get(report.tag, [])
        if report.meaning is Meaning.PARAMETER and before is None and standing and standing[-1].value == report.value:
            continue
        fresh[report.key] = report
        in_effect.setdefault(report.tag, []).append(report)
    return list(fresh.values())


@dataclass(frozen=True)
class Memory:
    """What is remembered of a machine besides its reports."""

    horizon: int = 0
    """Reports from before this source time have been dealt with for good."""
    job: int = 0
    """The job number it reported last."""


@dataclass(frozen=True)
class Job:
    """One job as its machine reported it so far. Times are source times in microseconds."""

    number: int
    started_at: int
    ended_at: int | None = None
    state: JobState = JobState.RUNNING
    energy_kwh: float | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """What the machine used: every parameter's value in effect at the end (or now)."""
    checks: Mapping[str, Value] = field(default_factory=dict)
    """Check results reported while the job ran."""
    standing_checks: Mapping[str, Value] = field(default_factory=dict)
    """Check results in effect at the end, older ones too: a machine that reports only changes is silent about an equal one."""


def read_jobs(reports: Iterable[Report]) -> list[Job]:
    """The jobs that the reports of one machine speak of, the oldest first. The order of the reports does not matter.

    A job starts with the report of its number and lasts until another number is reported; it is over at the first
    report of DONE or FAILED in between.
    """
    ordered = sorted(reports, key=lambda report: (report.source_time, report.sequence, report.tag))
    starts = _starts(ordered)
    ends = [start for _number, start in starts[1:]]
    spans = zip(starts, [*ends, None], strict=False)
    return [_job(number, start, until, ordered) for (number, start), until in spans if number > 0]


def _starts(ordered: Iterable[Report]) -> list[tuple[int, int]]:
    """(job number, source time) of each change of the job number."""
    starts: list[tuple[int, int]] = []
    for report in ordered:
        if report.meaning is not Meaning.JOB or isinstance(report.value, str):
            continue
        number = int(report.value)
        if not starts or starts[-1][0] != number:
            starts.append((number, report.source_time))
    return starts


def _job(number: int, start: int, until: int | None, ordered: list[Report]) -> Job:
    within = [report for report in ordered if report.source_time >= start and (until is None or report.source_time < until)]
    over = next((report for report in within if _is_over(report)), None)
    last = over.source_time if over else None
    relevant = [report for report in ordered if _until(report, last, until)]
    current = [report for report in relevant if report.source_time >= start]
    energy = _values(current, Meaning.JOB_ENERGY)
    return Job(
        number=number,
        started_at=start,
        ended_at=last,
        state=JobState.from_number(over.value) if over else JobState.RUNNING,
        energy_kwh=next((float(value) for value in energy.values() if not isinstance(value, str)), None),
        parameters=_values(relevant, Meaning.PARAMETER),
        checks=_values(current, Meaning.CHECK),
        standing_checks=_values(relevant, Meaning.CHECK),
    )


def _is_over(report: Report) -> bool:
    return report.meaning is Meaning.JOB_STATE and JobState.from_number(report.value) in (JobState.DONE, JobState.FAILED)


def _until(report: Report, last: int | None, until: int | None) -> bool:
    if last is not None:
        return report.source_time <= last
    return until is None or report.source_time < until


def _values(ordered: Iterable[Report], meaning: Meaning) -> dict[str, Value]:
    """The newest value of every tag of a meaning."""
    return {report.name: report.value for report in ordered if report.meaning is meaning}


def horizon(jobs: list[Job]) -> int:
    """Reports from before this source time are of jobs long over: they are neither read nor kept."""
    return jobs[-JOBS_REMEMBERED].started_at if len(jobs) >= JOBS_REMEMBERED else 0


def superfluous(reports: Iterable[Report], jobs: list[Job]) -> list[Report]:
    """Reports that need not be kept: before the horizon all but each tag's newest, and energy readings between others.

    What is kept does not depend on the order in which reports came: of the readings within one minute, the first, the
    last and the largest, so that the last one of a job stays even if its end is heard of later.
    """
    ordered = sorted(reports, key=lambda report: (report.source_time, report.sequence))
    since = horizon(jobs)
    standing = {report.tag: report.key for report in ordered if report.source_time < since}
    readings: dict[tuple[int, int], list[Report]] = {}
    dropped: list[Report] = []
    for report in ordered:
        if report.source_time < since:
            if standing[report.tag] != report.key:
                dropped.append(report)
        elif report.meaning is Meaning.JOB_ENERGY:
            readings.setdefault((report.tag, report.source_time // MINUTE), []).append(report)
    for within in readings.values():
        largest = max(within, key=lambda report: (_number(report), report.source_time, report.sequence))
        kept = {within[0].key, within[-1].key, largest.key}
        dropped += [report for report in within if report.key not in kept]
    return dropped


def _number(report: Report) -> float:
    return 0.0 if isinstance(report.value, str) else float(report.value)
