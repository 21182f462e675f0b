"""A run's folder with rows of each kind, words that mean harm among them, and a server that shows it."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import uvicorn
from PIL import Image

from seewhy.records.shards import write_shard
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import (
    Chain,
    FinishReason,
    Gold,
    ImageRef,
    MatchRule,
    Outcome,
    Pair,
    Question,
    Response,
    Span,
    Split,
    StepLog,
    Style,
    Verdict,
)
from seewhy.view.application import application
from seewhy.view.demo import Demo
from seewhy.view.guard import cookie_of

HARM = '<script>alert("x")</script><img src=x onerror=alert(1)>'
TOKEN = "a-token-of-this-test"
COOKIE = f"{cookie_of(TOKEN)}={TOKEN}"


def write_run(root: Path) -> Path:
    """Four questions of two chains: the first right, the second wrong; the last question's are without verdicts."""
    (root / "images").mkdir(parents=True)
    image, other = (_picture(root, colour) for colour in ("red", "blue"))
    questions = [
        Question(
            id=f"q/{i}" if i else HARM, benchmark="own", split=Split.TEST, text=f"How many? {HARM if i == 0 else i}",
            options=("one", HARM), gold=Gold(answers=("A",), rule=MatchRule.LETTER), images=(image,),
            facets={"kind": "even" if i % 2 == 0 else "odd"},
        )
        for i in range(4)
    ]  # fmt: skip
    keys = [(question.id, index) for question in questions for index in range(2)]
    chains = [
        Chain(question_id=name, index=index, style=Style.REASON, text=f"I see {HARM}. The answer is {'AB'[index]}.",
              stop=FinishReason.END, sampler="s", seed=0)
        for name, index in keys
    ]  # fmt: skip
    verdicts = [
        Verdict(question_id=name, index=index, style=Style.REASON, judge="outcome", why=HARM,
                outcome=Outcome.CORRECT if index == 0 else Outcome.INCORRECT, spans=(Span(start=0, end=5, score=0.1),))
        for name, index in keys[:6]
    ]  # fmt: skip
    pairs = [Pair(question_id="q/1", style=Style.REASON, chosen=Response(text=f"It is 12. {HARM}"),
                  rejected=Response(text=f"It is 13. {HARM}"), source="outcome", margin=1.0,
                  rejected_images=(other,))]  # fmt: skip
    credit = [
        TokenCredit(question_id="q/1", index=0, position=0, token="I", start=0, end=1, credit=0.5),
        TokenCredit(question_id="q/1", index=0, position=1, token=" see", start=1, end=5, credit=-0.5, wrong=True),
    ]
    for folder, rows, record in (
        ("questions", questions, Question), ("chains", chains, Chain), ("verdicts", verdicts, Verdict),
        ("pairs", pairs, Pair), ("credit", credit, TokenCredit),
    ):  # fmt: skip
        (root / folder).mkdir()
        write_shard(root / folder, 0, rows, record)
    (root / "dpo").mkdir()
    logs = [
        StepLog(step=i, loss=1 / (i + 1), learning_rate=1e-5, terms={"margin": i / 9}, seconds=1.0) for i in range(3)
    ]
    written = [{"step": log.step, "loss": log.loss, "learning_rate": log.learning_rate, "terms": dict(log.terms),
                "seconds": log.seconds} for log in logs]  # fmt: skip
    (root / "dpo" / "steps.jsonl").write_text("".join(json.dumps(one) + "\n" for one in written))
    return root


def _picture(root: Path, colour: str) -> ImageRef:
    path = root / "images" / f"{colour}.png"
    Image.new("RGB", (8, 8), colour).save(path)
    return ImageRef(sha256=sha256(path.read_bytes()).hexdigest(), path=f"../images/{colour}.png")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Served:
    """A viewer on a port of this machine."""

    port: int

    def get(self, path: str, **headers: str) -> Answer:
        """A page, asked for with the cookie unless other headers are given."""
        return self._ask("GET", path, "", headers or {"Cookie": COOKIE})

    def post(self, path: str, form: str, **headers: str) -> Answer:
        """A form that is sent."""
        given = {"Cookie": COOKIE, "Content-Type": "application/x-www-form-urlencoded", **headers}
        return self._ask("POST", path, form, given)

    def _ask(self, method: str, path: str, body: str, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body.encode() or None, headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        connection.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, text)


@contextmanager
def serving(*roots: Path, demo: Demo | None = None) -> Iterator[Served]:
    """The viewer of runs, in a thread; with `demo` the page that asks models too."""
    app, _ = application(roots, TOKEN, demo)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server, socket = uvicorn.Server(config), config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield Served(socket.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        socket.close()
