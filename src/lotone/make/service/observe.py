"""Machines report: jobs begin, go on and end, parts go into units, checks pass or fail."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from lotone import assets
from lotone.assets import JobState, Meaning, Sample, Tag
from lotone.kernel import LotOneError, Unavailable, Words
from lotone.make.facts import OperationDone, OperationFailed, OperationStarted, PartsShort, UnitCompleted
from lotone.make.model.compare import PartUsed, results_of
from lotone.make.model.job import Job, Report, horizon, news, read_jobs, report_of, superfluous
from lotone.make.model.unit import ATTEMPTS_MAX, Unit, UnitState, WorkOrder, WorkState
from lotone.make.service.floor import Floor

log = structlog.get_logger(__name__)

CHECKS_LATE = timedelta(seconds=10)
"""Wall time that results of checks may come after the end of their job. Then what is in effect counts: machines that
report only changes say nothing when the same comes out."""
CLOCK_SKEW = timedelta(minutes=10)
"""A machine's clock may be behind ours by this much."""
PROGRESS_STEP = 4.0
"""Percent: progress is kept in steps of this size."""


class Observer:
    """Turns job reports into what became of work orders. The same reports again, or in another order, change nothing."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.units = floor.store.units
        self.reports = floor.store.reports

    def observe(self, pairs: Iterable[tuple[Tag, Sample]]) -> None:
        heard: dict[str, list[Report]] = {}
        progress: dict[str, tuple[int, float]] = {}
        for tag, sample in pairs:
            report = report_of(tag, sample)
            if report is not None:
                heard.setdefault(tag.asset, []).append(report)
            elif tag.meaning is Meaning.PROGRESS and sample.quality < assets.BAD and not isinstance(sample.value, str):
                newest = (sample.source_time, float(sample.value))
                progress[tag.asset] = max(newest, progress.get(tag.asset, newest))
        for work_unit in sorted(heard.keys() | progress.keys()):
            self._hear(work_unit, heard.get(work_unit, []), progress.get(work_unit))

    def _hear(self, work_unit: str, heard: list[Report], progress: tuple[int, float] | None) -> None:
        since = self.reports.horizon(work_unit)
        known = {report.key: report for report in self.reports.reports(work_unit)}
        fresh = news(known, (report for report in heard if report.source_time >= since))
        jobs = read_jobs((known | {report.key: report for report in fresh}).values())
        if fresh:
            self._keep(work_unit, known, fresh, jobs, since)
        recent = [job for job in jobs if job.started_at >= since]
        works = self.units.work((job.number for job in recent), to_change=True)
        for job in recent:
            work = works.get(job.number)
            if work is not None and work.work_unit == work_unit:
                self._try_to_apply(work, job, progress)

    def _keep(
        self, work_unit: str, known: Mapping[tuple[int, int, int], Report], fresh: list[Report], jobs: list[Job], since: int
    ) -> None:
        everything = dict(known) | {report.key: report for report in fresh}
        forgotten = {report.key for report in superfluous(everything.values(), jobs)}
        self.reports.add(work_unit, (each for each in fresh if each.key not in known and each.key not in forgotten))
        for report in fresh:
            if report.key in known and report.key not in forgotten:
                self.reports.correct(report)
        self.reports.forget(report for key, report in known.items() if key in forgotten)
        self.reports.remember(work_unit, max(since, horizon(jobs)), jobs[-1].number if jobs else 0)

    def _try_to_apply(self, work: WorkOrder, job: Job, progress: tuple[int, float] | None) -> None:
        """One job that can't be dealt with must not keep others waiting: it is shown, and tried again later."""
        try:
            with self.floor.store.all_or_nothing():
                self._apply(work, job, progress)
        except Unavailable:
            raise
        except LotOneError as fault:
            log.warning("make.report_failed", work_order=work.number, work_unit=work.work_unit, fault=str(fault))
            problem = Words(f"a report of {work.work_unit}: {fault}", f"{work.work_unit}的报告：{fault}")
            if work.problem != problem:
                self.units.save_work(replace(work, problem=problem))

    def _apply(self, work: WorkOrder, job: Job, progress: tuple[int, float] | None) -> None:
        if work.released_at is None or work.state is WorkState.CANCELLED:
            log.warning("make.job_not_released", work_order=work.number, work_unit=work.work_unit)
            return
        if assets.moment(job.started_at) < work.released_at - CLOCK_SKEW:
            self._doubt(work, job)
            return
        before, work = work, work.with_report(job)
        if work.state is WorkState.RELEASED:
            work = self._start(work)
        if work.state is WorkState.RUNNING:
            if job.state is JobState.RUNNING:
                work = self._advance(work, job, progress)
            elif self._is_settled(work, job):
                work = self._end(work, job)
            else:
                work = replace(work, reported_at=work.reported_at or self.floor.wall())
        elif work.state.is_over and job.ended_at is not None:
            work = replace(work, ended_at=assets.moment(job.ended_at))
        if work != before:
            self.units.save_work(work)

    def _doubt(self, work: WorkOrder, job: Job) -> None:
        """A job that began before it was released is another one that has the same number, or the machine's clock is wrong."""
        began = assets.moment(job.started_at).isoformat(timespec="minutes")
        problem = Words(
            f"{work.work_unit} says it began job {work.number} at {began}, before it was sent; check the machine's clock",
            f"{work.work_unit}称其在{began}开始了作业{work.number}，早于下达时间；请检查设备时钟",
        )
        if work.state is WorkState.RELEASED and work.problem != problem:
            self.units.save_work(replace(work, problem=problem))

    def _start(self, work: WorkOrder) -> WorkOrder:
        started_at = _known(work.started_at)
        unit = self.floor.unit(work.unit)
        if unit.state is UnitState.PLANNED:
            self.units.save_unit(replace(unit, state=UnitState.IN_WORK))
        self.floor.plan.started(work.booking, started_at)
        fact = OperationStarted(work.number, unit.order, unit.serial, work.step, work.work_unit or "", started_at)
        self.floor.tell(fact)
        return self.book_parts(replace(work, state=WorkState.RUNNING, problem=None), unit)

    def book_parts(self, work: WorkOrder, unit: Unit) -> WorkOrder:
        """Take the parts of an operation that has begun out of stock and into the unit: all of them or none."""
        if work.has_parts:
            return work
        short = self._short(work)
        if short is not None:
            if work.problem is None:
                self.floor.tell(PartsShort(work.number, unit.order, unit.serial, short.part, short.wanted, short.on_hand))
            return replace(work, problem=_missing(short))
        at = _known(work.started_at)
        taken = [each for part, quantity in work.parts.items() for each in self.floor.assets.take(part, quantity)]
        self.units.add_parts(
            PartUsed(unit.id, work.step, each.part, each.lot, each.quantity, work.number, at) for each in taken
        )
        self.floor.plan.material_taken(work.booking)
        return replace(work, has_parts=True, problem=None)

    def _short(self, work: WorkOrder) -> assets.NotEnough | None:
        on_hand = self.floor.assets.on_hand()
        for part, quantity in work.parts.items():
            if on_hand.get(part, 0.0) < assets.quantity_of(assets.thousandths(quantity)):
                return assets.NotEnough(part, quantity, on_hand.get(part, 0.0))
        return None

    def _advance(self, work: WorkOrder, job: Job, progress: tuple[int, float] | None) -> WorkOrder:
        if progress is None or progress[0] < job.started_at:
            return work
        percent = min(max(progress[1], 0.0), 100.0)
        if percent - work.progress < PROGRESS_STEP:
            return work
        self.floor.plan.progressed(work.booking, percent, assets.moment(progress[0]))
        return replace(work, progress=percent)

    def _is_settled(self, work: WorkOrder, job: Job) -> bool:
        """Whether nothing more can be expected of a job that is over."""
        if job.state is JobState.FAILED or work.expected_checks <= job.checks.keys():
            return True
        return work.reported_at is not None and self.floor.wall() - work.reported_at >= CHECKS_LATE

    def _end(self, work: WorkOrder, job: Job) -> WorkOrder:
        ended_at = assets.moment(job.ended_at or job.started_at)
        work = replace(work, ended_at=ended_at, progress=100.0, problem=None if work.has_parts else work.problem)
        unit = self.floor.unit(work.unit)
        fault = _fault(work, job)
        if fault is not None:
            return self._fail(work, unit, fault, ended_at)
        self.floor.plan.finished(work.booking, ended_at)
        done = replace(work, state=WorkState.DONE)
        self.floor.tell(
            OperationDone(
                work_order=work.number,
                order=unit.order,
                unit=unit.serial,
                step=work.step,
                work_unit=work.work_unit or "",
                at=ended_at,
                minutes=done.actual_minutes or 0.0,
                planned_minutes=work.minutes or 0.0,
                energy_kwh=work.energy_kwh,
            )
        )
        self.units.save_work(done)
        self._complete_if_done(unit.order, unit.id)
        return done

    def _fail(self, work: WorkOrder, unit: Unit, fault: Words, at: datetime) -> WorkOrder:
        retried_as = self.retry(work).number if work.attempt < ATTEMPTS_MAX else None
        fact = OperationFailed(
            work_order=work.number,
            order=unit.order,
            unit=unit.serial,
            step=work.step,
            work_unit=work.work_unit or "",
            at=at,
            reason_en=fault.en,
            reason_zh=fault.zh,
            retried_as=retried_as,
        )
        self.floor.tell(fact)
        return replace(work, state=WorkState.FAILED, problem=None if retried_as else _gave_up(fault))

    def retry(self, work: WorkOrder) -> WorkOrder:
        """The operation once more, as a new work order on the same booking."""
        again = work.retried_as(self.floor.next_number())
        self.units.add_work(again)
        return again

    def _complete_if_done(self, order: str, unit_id: str) -> None:
        siblings = self.units.units_of(order, to_change=True)
        unit = next(each for each in siblings if each.id == unit_id)
        ends = {work.step: _known(work.ended_at) for work in self.units.work_of([unit.id]) if work.is_done}
        is_done = all(operation.step in ends for operation in unit.demand.operations)
        if not is_done or unit.state not in (UnitState.PLANNED, UnitState.IN_WORK):
            return
        completed = replace(unit, state=UnitState.COMPLETED, completed_at=max(ends.values()))
        self.units.save_unit(completed)
        left = sum(each.state is not UnitState.COMPLETED for each in siblings if each.id != unit.id)
        self.floor.tell(UnitCompleted(unit.serial, order, _known(completed.completed_at), left))

    def settle(self) -> None:
        """What waited for something else than its machine: parts that were not in stock, checks, another capability."""
        for work in self.units.work_without_parts():
            booked = self.book_parts(work, self.floor.unit(work.unit))
            if booked != work:
                self.units.save_work(booked)
        again = {work.work_unit for work in self.units.work_to_hear_again()}
        for work_unit in sorted(name for name in again if name is not None):
            self._hear(work_unit, [], None)


def _known(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError("an operation that began has a start, and one that ended an end")
    return moment


def _fault(work: WorkOrder, job: Job) -> Words | None:
    """Why the operation failed; None when it did not."""
    if job.state is JobState.FAILED:
        return Words(f"{work.work_unit} gave up", f"{work.work_unit}未能完成")
    failed = [result for result in results_of(work) if not result.passed]
    if not failed:
        return None
    told = ", ".join(f"{result.check} = {result.value} ({_limits(result.low, result.high)})" for result in failed)
    return Words(f"check not passed: {told}", f"检查未通过：{told}")


def _limits(low: float | None, high: float | None) -> str:
    return f"{'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"


def _gave_up(fault: Words) -> Words:
    return Words(
        f"failed {ATTEMPTS_MAX} times, {fault.en}; look at the unit and let the operation be tried again",
        f"已失败{ATTEMPTS_MAX}次，{fault.zh}；请检查该产品后重新安排此工序",
    )


def _missing(short: assets.NotEnough) -> Words:
    return Words(
        f"{short.wanted:g} of part {short.part} are needed and {short.on_hand:g} are in stock",
        f"需要{short.wanted:g}件{short.part}，库存只有{short.on_hand:g}件",
    )
