"""The guard rails of one training: probes at their steps, alarms as they ring, and the stop that a plan asks for."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from seewhy.model.api import Generates
from seewhy.records.types import StepLog
from seewhy.training.monitor.alarms import Alarm, AlarmDetector, AlarmError
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.monitor.probe import Probe, start_probe
from seewhy.training.monitor.stopping import stop_words
from seewhy.training.step import Run


@dataclass(slots=True, kw_only=True)
class TrainingMonitor:
    """What watches one run."""

    run: Run
    watch: AlarmDetector = field(default_factory=AlarmDetector)
    probe: Probe | None = None
    stop: Alarm | None = None
    """The alarm for which the run is to stop."""
    seconds: float = 0.0
    """What the start's replies cost; the next step's log counts it in."""

    @property
    def plan(self) -> GuardPlan:
        """The settings."""
        return self.run.guard

    def begin(self, fingerprint: str) -> None:
        """Record the start of the run, with this fingerprint. Call before the first weight update."""
        if self.plan.probe_questions == 0:
            return
        model, began = self.run.model, time.perf_counter()
        if not isinstance(model, Generates):
            raise ValueError(f"{type(model).__name__} has no `generate` to be probed by; set probe_questions to 0")
        self.probe = start_probe(
            model, self.run.examples, self.run.questions, self.plan, self.run.plan, self.run.directory, fingerprint,
            self.run.ranks,
        )  # fmt: skip
        self.seconds = time.perf_counter() - began

    def recall(self, logs: Sequence[StepLog]) -> None:
        """Take in the steps of earlier calls; AlarmError where one of their alarms still stops the run."""
        for log in logs:
            self._look(log)
        if not (self.run.directory / "done.json").exists():
            self.require_none()

    def follow(self, log: StepLog) -> StepLog:
        """The step's log with the probe's figures where one is due."""
        began = time.perf_counter() - self.seconds
        self.seconds = 0.0
        if self.probe and self.plan.is_due(log.step, len(self.run.steps)):
            log = replace(log, terms={**log.terms, **self.probe.look(log.step)})
        log = replace(log, seconds=log.seconds + time.perf_counter() - began)
        # Of the first process: all must take the same decisions and get the same alarms.
        terms, seconds = self.run.ranks.gather([dict(log.terms), log.seconds])[0]
        log = replace(log, terms=terms, seconds=seconds)
        self._look(log)
        return log

    def _look(self, log: StepLog) -> None:
        wanted = [alarm for alarm in self.watch.take(log) if self.plan.stops(alarm.name)]
        if wanted and self.stop is None:
            self.stop = wanted[0]

    def require_none(self) -> None:
        """AlarmError where an alarm has rung that the plan stops for."""
        alarm = self.stop
        if alarm is None:
            return
        self.run.ranks.meet()
        raise AlarmError(stop_words(alarm, self.run.directory))
