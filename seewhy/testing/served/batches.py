"""The batch API: a file of requests goes in, and some time later a file of answers and one of errors come out."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seewhy.records.files import write_text_atomically
from seewhy.testing.served.asked import UnfitError, read_object, read_request
from seewhy.testing.served.chat_handler import ChatHandler
from seewhy.testing.served.file_store import FileStore, read_note
from seewhy.testing.served.plan import Fault

ENDPOINT = "/v1/chat/completions"
LOST = {Fault.RATE_LIMIT, Fault.RATE_LIMIT_TOLD, Fault.SERVER_ERROR, Fault.HANG, Fault.PAGE, Fault.RESET, Fault.CUT,
        Fault.DRIP}  # fmt: skip
"""Faults of the wire: a line of a batch has none, and becomes an error instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batches:
    """The batches of one server, each a note in its folder."""

    handler: ChatHandler
    folder: Path

    @property
    def shelf(self) -> FileStore:
        """Where requests, answers and errors are."""
        return FileStore(self.folder)

    def submit(self, payload: bytes) -> dict[str, object]:
        """Take a batch; nothing of it is worked before its delay is over."""
        match read_object(payload):
            case {"input_file_id": str(source), "endpoint": "/v1/chat/completions", **rest}:
                self.shelf.tell(source)
            case _:
                raise UnfitError(f"input_file_id and endpoint {ENDPOINT} are required")
        note: dict[str, object] = {
            "id": f"batch-{len(self.every()) + 1}", "object": "batch", "endpoint": ENDPOINT, "input_file_id": source,
            "completion_window": "24h", "status": "validating", "created_at": int(time.time()),
            "due_at": time.time() + self.handler.plan.batch_delay_s, "metadata": rest.get("metadata"),
            "output_file_id": None, "error_file_id": None, "errors": None,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
        }  # fmt: skip
        return self._write(note)

    def tell(self, place: str) -> dict[str, object]:
        """The state of a batch: in progress until its delay is over, then completed; LookupError for an unknown id."""
        note = read_note(self.folder, place)
        if note["status"] not in ("validating", "in_progress"):
            return note
        if time.time() < float(str(note["due_at"])):
            return self._write({**note, "status": "in_progress"})
        return self._write({**note, **self._work(str(note["input_file_id"])), "status": "completed"})

    def cancel(self, place: str) -> dict[str, object]:
        """Stop a batch that is not completed."""
        note = read_note(self.folder, place)
        return note if note["status"] == "completed" else self._write({**note, "status": "cancelled"})

    def every(self) -> list[dict[str, object]]:
        """All batches, as they were when last asked for."""
        return [read_note(self.folder, path.stem) for path in sorted(self.folder.glob("batch-*.json"))]

    def _write(self, note: dict[str, object]) -> dict[str, object]:
        write_text_atomically(self.folder / f"{note['id']}.json", json.dumps(note))
        return note

    def _work(self, source: str) -> dict[str, object]:
        """Answer every line; answers come in another order than they were asked in, as the real API's do."""
        lines = [json.loads(line) for line in self.shelf.content(source).splitlines() if line.strip()]
        done = [self._answer(line, number) for number, line in enumerate(lines)][::-1]
        right = [row for row in done if row["error"] is None]
        wrong = [row for row in done if row["error"] is not None]
        return {
            "output_file_id": self._keep(right, "output.jsonl"),
            "error_file_id": self._keep(wrong, "errors.jsonl"),
            "request_counts": {"total": len(lines), "completed": len(right), "failed": len(wrong)},
        }

    def _keep(self, rows: list[dict[str, object]], name: str) -> object:
        text = "".join(json.dumps(row) + "\n" for row in rows)
        return self.shelf.keep(text.encode(), name, "batch_output")["id"] if rows else None

    def _answer(self, line: Mapping[str, object], number: int) -> dict[str, object]:
        row: dict[str, object] = {
            "id": f"batch_req_{number}", "custom_id": line.get("custom_id"), "response": None, "error": None,
        }  # fmt: skip
        body = line.get("body")
        try:
            asked = read_request(body if isinstance(body, dict) else {})
            made, fault = self.handler.receive(asked)
        except UnfitError as error:
            return {**row, "error": {"code": "invalid_request", "message": str(error)}}
        if fault in LOST:
            return {**row, "error": {"code": "server_error", "message": f"the server had an error ({fault})"}}
        self.handler.bill.deliver(asked.digest, made.choices, made.usage)
        response = {"status_code": 200, "request_id": f"req_{number}", "body": made.body}
        return {**row, "response": response}
