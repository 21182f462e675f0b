"""A session with a model behind a server: opened at its first request, after a vision check; failures are counted."""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from seewhy.endpoints.cache import ReplyCache
from seewhy.endpoints.chat import ChatResponse, Request
from seewhy.endpoints.client import Teacher
from seewhy.endpoints.plan import BatchPlan, EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.vision_check import CanaryPlan, CanaryReport, ask_canary, require_sight
from seewhy.records.appended import append_lines

MOST_FAILED = 0.1
"""Share of a block's requests that may end without a reply; above it the server is at fault, and not the question."""
FEW = 5
"""Requests of which so many may fail whatever their share: a block's last questions are few."""


@dataclass(slots=True, kw_only=True)
class TeacherSession:
    """A `ChatModel` of a run, opened at its first request, and tested before its first picture; use it in a `with`."""

    endpoint: EndpointPlan
    pace: PacePlan
    spend: SpendPlan
    canary: CanaryPlan
    batch: BatchPlan | None = None
    """How the provider's batch API is used; None asks directly. The canary always asks directly."""
    folder: Path
    """Where canaries are drawn and written down, and replies kept."""
    note: Callable[[str], None]
    """Called with the outcome of the vision check."""
    teacher: Teacher | None = None
    is_proved: bool = False
    """The model was shown to see, or is allowed to be blind."""
    asked: int = 0
    failed: list[str] = field(default_factory=list[str])
    """Why requests of this block ended without a reply."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.endpoint.model

    def summary(self) -> str:
        """What was spent so far, for the progress line."""
        return self.teacher.spending.line if self.teacher else ""

    @property
    def paid(self) -> float:
        """Dollars of all replies that are kept, those of earlier runs included."""
        with closing(ReplyCache(self.endpoint.cache)) as cache:
            return cache.paid().dollars

    def chat(self, requests: Sequence[Request]) -> list[ChatResponse]:
        """One answer a request, in their order; errors as in `Teacher.chat` and `require_sight`."""
        shows = any(message.images for request in requests for message in request.messages)
        answers = self._open(shows=shows).chat(requests)
        with self.lock:
            self.asked += len(requests)
            self.failed += [answer.failure for answer in answers if answer.failure]
        return answers

    def check_block(self) -> None:
        """Start counting anew after a block.

        Raises:
            ConnectionError: too many of its requests ended without a reply to keep what was made of them.
        """
        asked, failed, self.asked, self.failed = self.asked, self.failed, 0, []
        if self.teacher is not None and not self.endpoint.cache:
            self.teacher.forget()  # its replies are rows now
        if len(failed) > max(FEW, MOST_FAILED * asked) or (failed and len(failed) == asked):
            raise ConnectionError(
                f"{len(failed)} of {asked} requests to {self.name} at {self.endpoint.base_url} ended without a reply, "
                f"the first because {failed[0]}. Nothing was made of them; all replies that came are kept, and the "
                "same command goes on from there"
            )

    def __enter__(self) -> "TeacherSession":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.teacher:
            self.teacher.close()

    def _open(self, *, shows: bool) -> Teacher:
        """The client; before the first picture is sent, the canary is asked, and every other thread waits for it."""
        with self.lock:
            if shows and not self.is_proved and self.canary.trials:
                with Teacher(self.endpoint, self.pace, self.spend) as teacher:
                    self._prove_sight(teacher)
            self.is_proved = self.is_proved or shows
            if self.teacher is None:
                self.teacher = Teacher(self.endpoint, self.pace, self.spend, self.batch)
            return self.teacher

    def _prove_sight(self, teacher: Teacher) -> None:
        log = self.folder / "canary.jsonl"
        attempt = len(log.read_text(encoding="utf-8").splitlines()) if log.is_file() else 0
        report = ask_canary(teacher, self.folder / "canary", self.canary, attempt)
        append_lines(log, [noted(report)])
        require_sight(report)
        self.note(f"  {report.summary} ({teacher.spending.line})")


def noted(report: CanaryReport) -> dict[str, object]:
    """A canary as a line of `canary.jsonl`."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "model": report.model, "sight": report.sight.value,
        "right": report.right, "trials": [asdict(trial) for trial in report.trials],
    }  # fmt: skip
