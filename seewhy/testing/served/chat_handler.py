"""Where calls are answered, gone wrong with, and charged."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from starlette.responses import JSONResponse, Response

from seewhy.testing.served.answering import Answering
from seewhy.testing.served.asked import Asked, UnfitError
from seewhy.testing.served.bill import Bill
from seewhy.testing.served.completion import Completion, complete, in_pieces
from seewhy.testing.served.faults import HTML, REFUSAL, fault_of, spoil
from seewhy.testing.served.plan import Fault, FaultPlan, ServedPlan
from seewhy.testing.served.sending import Lines, Manner, Sending

MODEL = "oracle"
"""What a client may call the model, besides its whole name."""


def failure(status: int, message: str, kind: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error in OpenAI's form."""
    body = {"error": {"message": message, "type": kind, "param": None, "code": None}}
    return JSONResponse(body, status_code=status, headers=headers)


@dataclass(slots=True, kw_only=True)
class ChatHandler:
    """One served oracle: its words, its faults, its bill."""

    answering: Answering
    plan: ServedPlan
    faults: FaultPlan
    lines: Lines = field(default_factory=Lines)
    bill: Bill = field(default_factory=Bill)
    times: Counter[str] = field(default_factory=Counter[str])
    """How often each body came in."""

    @property
    def name(self) -> str:
        """The model as the server names it."""
        return self.answering.oracle.name

    def receive(self, asked: Asked) -> tuple[Completion, Fault | None]:
        """The answer to a call, and what befalls it; UnfitError where there is no such model."""
        if asked.model not in (MODEL, self.name):
            raise UnfitError(f"model: there is no {asked.model!r} here; there is {MODEL}, which is {self.name}")
        replies = self.answering.answer(asked, 1 if self.plan.one_choice else asked.count)
        self.bill.received += 1
        self.times[asked.digest] += 1
        fault = fault_of(self.faults, asked.digest, self.times[asked.digest], [reply.text for reply in replies])
        if fault is not None:
            self.bill.faults[fault] += 1
        spoilt = [replace(reply, text=spoil(reply.text, fault)) for reply in replies]
        refusal = REFUSAL if fault is Fault.REFUSAL else ""
        kept = [] if fault is Fault.NO_CHOICES else spoilt
        return complete(asked, kept, self.name, self.bill.received, refusal=refusal), fault

    def respond(self, asked: Asked) -> Response:
        """What goes back over the wire."""
        made, fault = self.receive(asked)
        plan = self.faults
        match fault:
            case Fault.RATE_LIMIT:
                return failure(429, "Rate limit reached.", "rate_limit_error")
            case Fault.RATE_LIMIT_TOLD:
                wait = {"Retry-After": str(plan.retry_after_s)}
                return failure(429, "Rate limit reached.", "rate_limit_error", wait)
            case Fault.SERVER_ERROR:
                return failure(500, "The server had an error.", "server_error")
            case Fault.PAGE:
                return Response(HTML, media_type="text/html")
            case _:
                return self._send(asked, made, fault)

    def _send(self, asked: Asked, made: Completion, fault: Fault | None) -> Response:
        plan, manner = self.faults, Manner(wait_s=self.plan.latency_s)
        match fault:
            case Fault.HANG:
                manner = replace(manner, wait_s=plan.hang_s, hang=True)
            case Fault.DRIP:
                manner = replace(manner, drip_s=plan.drip_s)
            case Fault.RESET:
                manner = replace(manner, reset=True)
            case Fault.CUT:
                manner = replace(manner, share=0.5)
            case _:
                pass

        def settle(arrived: bool) -> None:
            charge = self.bill.deliver if arrived else self.bill.lose
            charge(asked.digest, made.choices, made.usage)

        if asked.streams:
            return Sending(in_pieces(made.body), manner, self.lines, settle, kind="text/event-stream")
        return Sending(json.dumps(made.body).encode(), manner, self.lines, settle)
