"""Pages for a served oracle, and calls to it by the standard library alone."""

import base64
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seewhy.benchmarks import inkgrid
from seewhy.model.prompts import prompt_text
from seewhy.records.types import Question, Split, Style
from seewhy.testing.served.plan import FaultPlan, ServedPlan
from seewhy.testing.served.server import Running, Serving, running


def draw(root: Path, count: int) -> list[Question]:
    return list(inkgrid.load(root, Split.TRAIN, count=count))


@contextmanager
def serve(
    questions: list[Question], folder: Path, plan: ServedPlan | None = None, faults: FaultPlan | None = None
) -> Generator[Running]:
    serving = Serving(
        questions=tuple(questions), folder=folder, plan=plan or ServedPlan(), faults=faults or FaultPlan()
    )
    with running(serving) as server:
        yield server


@dataclass(frozen=True, slots=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def texts(self) -> list[str]:
        return [choice["message"]["content"] for choice in self.json["choices"]]


def call(url: str, payload: object = None, headers: Mapping[str, str] | None = None, timeout: float = 20) -> Got:
    """GET, or POST where there is a payload: JSON, or bytes as they are."""
    data = payload if isinstance(payload, bytes | None) else json.dumps(payload).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return Got(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, dict(error.headers), error.read())


def data_url(picture: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def body_of(question: Question, *, sees: bool = True, style: Style = Style.REASON, **more: object) -> dict[str, object]:
    """A call about a question."""
    picture = {"type": "image_url", "image_url": {"url": data_url(Path(question.images[0].path).read_bytes())}}
    text = {"type": "text", "text": prompt_text(question, style)}
    return {"model": "oracle", "messages": [{"role": "user", "content": [picture, text] if sees else [text]}], **more}


def ask(server: Running, question: Question, timeout: float = 20, **more: object) -> Got:
    return call(f"{server.base_url}/chat/completions", body_of(question, **more), timeout=timeout)


def bill_of(server: Running) -> dict[str, dict[str, int]]:
    return call(f"http://{server.host}:{server.port}/bill").json


BROKEN = (OSError, http.client.HTTPException)
"""What the standard library raises where a connection breaks."""
