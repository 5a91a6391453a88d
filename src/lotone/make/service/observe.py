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
from lotone.make.model.job import Job, Key, Memory, Report, horizon, news, read_jobs, report_of, superfluous
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
PLAN_STEP = 10.0
"""Percent: the plan is told in steps of this size."""
Progress = tuple[int, float]
"""When (source time) and how far, in percent."""


class Observer:
    """Turns job reports into what became of work orders. The same reports again, or in another order, change nothing."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.units = floor.store.units
        self.reports = floor.store.reports

    def observe(self, pairs: Iterable[tuple[Tag, Sample]]) -> None:
        heard: dict[str, list[Report]] = {}
        progress: dict[str, Progress] = {}
        for tag, sample in pairs:
            report = report_of(tag, sample)
            if report is not None:
                heard.setdefault(tag.asset, []).append(report)
            elif tag.meaning is Meaning.PROGRESS and sample.quality < assets.BAD and not isinstance(sample.value, str):
                newest = (sample.source_time, float(sample.value))
                progress[tag.asset] = max(newest, progress.get(tag.asset, newest))
        self._hear(heard, progress)

    def _hear(self, heard: Mapping[str, list[Report]], progress: Mapping[str, Progress], again: Iterable[str] = ()) -> None:
        """Keep what was heard, then see what became of the jobs; of those machines `again` too that said nothing new."""
        names = sorted({*heard, *progress, *again})
        memories = self.reports.memories(names)
        kept = self.reports.reports(names)
        fresh: dict[str, list[Report]] = {}
        jobs: dict[str, list[Job]] = {}
        for name in names:
            since, known = memories.get(name, Memory()).horizon, kept.setdefault(name, {})
            fresh[name] = news(known, (report for report in heard.get(name, ()) if report.source_time >= since))
            jobs[name] = read_jobs((known | {report.key: report for report in fresh[name]}).values())
        self._keep(kept, fresh, jobs, memories)
        recent = [
            (name, job) for name in names for job in jobs[name] if job.started_at >= memories.get(name, Memory()).horizon
        ]
        works = self.units.work((job.number for _name, job in recent), to_change=True)
        for name, job in recent:
            work = works.get(job.number)
            if work is not None and work.work_unit == name:
                self._try_to_apply(work, job, progress.get(name))

    def _keep(
        self,
        kept: Mapping[str, Mapping[Key, Report]],
        fresh: Mapping[str, list[Report]],
        jobs: Mapping[str, list[Job]],
        memories: Mapping[str, Memory],
    ) -> None:
        new: dict[str, list[Report]] = {}
        forgotten: list[Report] = []
        for name in (name for name, reports in fresh.items() if reports):
            known, before = kept[name], memories.get(name)
            everything = dict(known) | {report.key: report for report in fresh[name]}
            dropped = {report.key for report in superfluous(everything.values(), jobs[name])}
            forgotten += [report for key, report in known.items() if key in dropped]
            new[name] = [each for each in fresh[name] if each.key not in known and each.key not in dropped]
            for report in fresh[name]:
                if report.key in known and report.key not in dropped:
                    self.reports.correct(report)
            since = before.horizon if before else 0
            now = Memory(max(since, horizon(jobs[name])), jobs[name][-1].number if jobs[name] else 0)
            if now != before:
                self.reports.remember(name, now, is_new=before is None)
        self.reports.add(new)
        self.reports.forget(forgotten)

    def _try_to_apply(self, work: WorkOrder, job: Job, progress: Progress | None) -> None:
        """One job that can't be dealt with must not keep others waiting: it is shown, and tried again later."""
        if work.state.is_over and work == _finished_report(work, job):
            return
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

    def _apply(self, work: WorkOrder, job: Job, progress: Progress | None) -> None:
        if work.released_at is None or work.state is WorkState.CANCELLED:
            log.debug("make.job_not_released", work_order=work.number, work_unit=work.work_unit)
            return
        if assets.moment(job.started_at) < work.released_at - CLOCK_SKEW:
            self._doubt(work, job)
            return
        before, work = work, work.with_report(job)
        if work.state is WorkState.RELEASED:
            work = self._start(work)
        if work.state.is_over:
            work = _finished_report(before, job)
        elif job.state is JobState.RUNNING:
            work = self._advance(work, job, progress)
            if replace(work, energy_kwh=before.energy_kwh) == before:
                return
        elif self._is_settled(work, job):
            work = self._end(work, job)
        else:
            work = replace(work, reported_at=work.reported_at or self.floor.wall())
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
        try:
            taken = self.floor.assets.take_all(work.parts)
        except assets.NotEnough as short:
            if work.problem is None:
                self.floor.tell(PartsShort(work.number, unit.order, unit.serial, short.part, short.wanted, short.on_hand))
            return replace(work, problem=_missing(short))
        at = _known(work.started_at)
        self.units.add_parts(
            PartUsed(unit.id, work.step, each.part, each.lot, each.quantity, work.number, at) for each in taken
        )
        self.floor.plan.material_taken(work.booking)
        return replace(work, has_parts=True, problem=None)

    def _advance(self, work: WorkOrder, job: Job, progress: Progress | None) -> WorkOrder:
        if progress is None or progress[0] < job.started_at:
            return work
        percent = min(max(progress[1], 0.0), 100.0)
        if percent - work.progress < PROGRESS_STEP:
            return work
        if percent // PLAN_STEP > work.progress // PLAN_STEP:
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
        self.floor.plan.scrapped(work.booking, at)
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

    def has_to_settle(self) -> bool:
        """Whether something waits for what `settle` looks after; only reads."""
        return bool(self.units.work_without_parts() or self.units.work_to_hear_again())

    def settle(self) -> None:
        """What waited for something else than its machine: parts that were not in stock, checks, another capability."""
        for work in self.units.work_without_parts():
            booked = self.book_parts(work, self.floor.unit(work.unit))
            if booked != work:
                self.units.save_work(booked)
        again = {work.work_unit for work in self.units.work_to_hear_again()}
        if again:
            self._hear({}, {}, [name for name in again if name is not None])


def _known(moment: datetime | None) -> datetime:
    if moment is None:
        raise ValueError("an operation that began has a start, and one that ended an end")
    return moment


def _finished_report(work: WorkOrder, job: Job) -> WorkOrder:
    """A work order that is over, with what was heard of it since."""
    reported = work.with_report(job)
    return reported if job.ended_at is None else replace(reported, ended_at=assets.moment(job.ended_at))


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
