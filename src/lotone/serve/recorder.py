"""The recorder process: takes in what machines say, keeps it, and reads from it what became of states and jobs."""

import threading

import structlog

from lotone import assets, connect, historian
from lotone.connect.server import USER
from lotone.kernel import PlantClock, Unavailable
from lotone.serve.installation import message_server
from lotone.serve.process import answer_evenly, say_ready, stop_signal
from lotone.wiring import Platform

log = structlog.get_logger(__name__)

COMPACT_EVERY_S = 60.0
"""Small files of the last minutes are merged this often."""
TIDY_EVERY = 60
"""States that say nothing new are forgotten after so many compactions."""
READ_FOR_STATES = frozenset({assets.Meaning.STATE})
READ_FOR_JOBS = frozenset(
    {
        assets.Meaning.JOB,
        assets.Meaning.JOB_STATE,
        assets.Meaning.PROGRESS,
        assets.Meaning.JOB_ENERGY,
        assets.Meaning.CHECK,
        assets.Meaning.PARAMETER,
        assets.Meaning.GOOD,
        assets.Meaning.SCRAP,
    }
)


class Recorder:
    """Owns the historian's files; records for all organizations of the installation."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        settings = platform.settings
        self.historian = historian.Historian(settings.historian_folder, memory_mb=settings.historian_memory_mb)

    def record(self, organization: str, samples: list[tuple[assets.Tag, assets.Sample]]) -> None:
        """Keep samples, then read what they mean. Returns once all of it is on disk; called again, it changes nothing."""
        self.historian.append(organization, [sample for _tag, sample in samples])
        of_states = [pair for pair in samples if pair[0].meaning in READ_FOR_STATES]
        of_jobs = [pair for pair in samples if pair[0].meaning in READ_FOR_JOBS]
        if not of_states and not of_jobs:
            return
        with self.platform.work(organization) as work:
            if of_states:
                work.insight.observe(of_states)
            if of_jobs:
                work.make.observe(of_jobs)

    def load(self, organization: str) -> connect.Plan:
        """What the organization's machines call their tags."""
        with self.platform.look(organization) as work:
            return connect.Plan(tags=work.assets.tags(), connections=work.connect.connections())

    def compact_until(self, stop: threading.Event) -> None:
        rounds = 0
        while not stop.wait(COMPACT_EVERY_S):
            rounds += 1
            try:
                self.historian.compact()
                if rounds % TIDY_EVERY == 0:
                    self.tidy()
            except Unavailable as fault:
                log.warning("recorder.not_compacted", fault=str(fault))

    def tidy(self) -> None:
        for organization in self.platform.organizations():
            with self.platform.work(organization) as work:
                work.insight.tidy()


def run(platform: Platform) -> None:
    """Record until asked to stop."""
    if not isinstance(platform.plant, PlantClock):
        raise TypeError("the recorder needs the plant's clock")
    with stop_signal() as stop:
        recorder = Recorder(platform)
        platform.messages.run(connect.prepare_streams(platform.messages.client), timeout_s=30)
        historian.serve(platform.messages, recorder.historian)
        intake = connect.Intake(
            platform.messages, platform.database, load=recorder.load, record=recorder.record, plant_clock=platform.plant
        )
        server = message_server(platform.settings, platform.database)
        gateway = connect.Gateway(
            platform.messages,
            platform.database,
            load=recorder.load,
            files=platform.settings.own_files_folder,
            plant_clock=platform.plant,
            mqtt=connect.MqttDoor(server.mqtt_host, server.mqtt_port, USER, server.password),
        )
        compacting = threading.Thread(target=recorder.compact_until, args=(stop,), name="compact", daemon=True)
        intake.start()
        gateway.start()
        compacting.start()
        answer_evenly()
        say_ready(platform.settings.run_folder, "recorder")
        stop.wait()
        gateway.stop()
        intake.stop()
        compacting.join(timeout=5)
        recorder.historian.close()
