"""The page that asks models: a picture and a question to one or several, each reply as its tokens come."""

import queue
import re
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from hashlib import sha256
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from starlette.concurrency import run_in_threadpool

from seewhy.records.stopped import StoppedError
from seewhy.records.types import Question, Style
from seewhy.view.credited import coloured, logprobs_of
from seewhy.view.filling import PAGES
from seewhy.workbench.asking import AskPlan, Replies, ask, opened_model
from seewhy.workbench.crediting import credit_of_last
from seewhy.workbench.questions import typed_question

LONGEST = 20_000_000
"""Bytes of a form with its picture."""
HASH = re.compile("[0-9a-f]{64}")
FAILED = Markup('</p><p class="alarm" role="alert">{}</p>')
"""Ends the replies, within a paragraph or after one."""
MOST_SAMPLES, MOST_TOKENS, USUAL_TOKENS = 64, 4096, 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a form asks.

    Example:
        >>> Asked(text="How many?", names=("tiny",)).plan.samples
        1
    """

    text: str
    names: tuple[str, ...]
    """Of the models, in order."""
    options: tuple[str, ...] = ()
    credit: bool = False
    shown: str = ""
    """The hash of its picture: of the one that was sent, else of the one that was asked about before."""
    plan: AskPlan = field(default_factory=AskPlan)


class Demo:
    """Models that can be asked; each is opened at its first question, and one question is answered at a time."""

    def __init__(self, names: Sequence[str], folder: Path, key_variable: str = "") -> None:
        """`folder` is where pictures are kept while models look at them."""
        self.names = tuple(dict.fromkeys(names))
        self.folder = folder
        self._key_variable = key_variable
        self._models: dict[str, tuple[Any, list[str]]] = {}
        self._stack = ExitStack()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of the models; those behind servers have connections."""
        self._stack.close()
        self._models.clear()

    def asked(self, kind: str, body: bytes) -> Asked:
        """What a form of this content type asks.

        Raises:
            ValueError: a field does not fit, or there is no picture or question.
        """
        fields = fields_of(kind, body)
        names = tuple(name for name in self.names if name.encode() in fields.get("model", ()))
        text = _one(fields, "question").strip()
        if not names or not text:
            raise ValueError("choose at least one model, and write a question")
        if _one(fields, "credit") and len(names) != 2:
            raise ValueError(
                f"credit compares two models, and {len(names)} are chosen: choose two, or ask without credit"
            )
        samples, tokens = (
            _number(fields, *one) for one in (("samples", 1, MOST_SAMPLES), ("tokens", USUAL_TOKENS, MOST_TOKENS))
        )
        warm = _one(fields, "temperature").strip()
        picture = next(iter(fields.get("picture", ())), b"")
        styles = tuple(Style(one.decode()) for one in fields.get("style", ())) or (Style.DIRECT, Style.REASON)
        plan = AskPlan(
            styles=styles,
            samples=samples,
            temperature=float(warm) if warm else None,
            max_tokens=tokens,
        )
        options = tuple(line.strip() for line in _one(fields, "options").splitlines() if line.strip())
        return Asked(
            text=text,
            names=names,
            options=options,
            credit=bool(_one(fields, "credit")),
            shown=self._keep(picture) if picture else _one(fields, "again"),
            plan=plan,
        )

    def form(self, asked: Asked | None) -> Mapping[str, object]:
        """What the fields of the form hold: what was asked, or the usual."""
        one = asked or Asked(text="", names=self.names)
        plan = one.plan
        return {"asked": asked is not None, "question": one.text, "options": "\n".join(one.options),
                "chosen": one.names, "styles": [style.value for style in plan.styles], "samples": plan.samples,
                "credit": one.credit, "shown": one.shown if self.kept(one.shown) else "",
                "temperature": "" if plan.temperature is None else plan.temperature,
                "tokens": plan.max_tokens if asked else USUAL_TOKENS}  # fmt: skip

    def question(self, asked: Asked) -> Question:
        """The question with its picture in a file of ours; ValueError where it is no picture."""
        path = self.kept(asked.shown)
        if path is None:
            raise ValueError("choose a picture: a PNG, JPEG, WebP, GIF, BMP or TIFF file")
        return typed_question(asked.text, (path,), asked.options)

    def kept(self, name: str) -> Path | None:
        """The file of a picture that was asked about, by the hash of its bytes; None where none was."""
        return self.folder / name if HASH.fullmatch(name) and (self.folder / name).is_file() else None

    def _keep(self, picture: bytes) -> str:
        name = sha256(picture).hexdigest()
        (self.folder / name).write_bytes(picture)
        return name

    async def pieces(self, asked: Asked, question: Question) -> AsyncIterator[str]:
        """The replies as HTML, piece by piece as tokens come; every word of a model is escaped.

        Where nobody reads on, the model is stopped at its next token, and the next question waits no longer.
        """
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        is_left = threading.Event()

        def send(piece: str) -> None:
            if is_left.is_set():
                raise StoppedError
            pieces.put(piece)

        def work() -> None:
            try:
                with self._lock:
                    self._answer(asked, question, send)
            except StoppedError:
                pass
            except (ValueError, OSError) as error:
                pieces.put(FAILED.format(str(error)))
            except Exception as error:
                pieces.put(FAILED.format(f"{type(error).__name__}: {error}"))
                raise
            finally:
                pieces.put(None)

        threading.Thread(target=work, daemon=True).start()
        try:
            while (piece := await run_in_threadpool(pieces.get)) is not None:
                yield piece
        finally:
            is_left.set()

    def _answer(self, asked: Asked, question: Question, send: Callable[[str], None]) -> None:
        found = list[Replies]()
        for name in asked.names:
            model, failures = self._opened(name)
            failures.clear()
            send(Markup('<article data-row tabindex="-1"><h2>{}</h2>').format(name))
            streaming = _Streaming(send) if asked.plan.samples == 1 else None
            for one in ask(model, question, asked.plan, failures, streaming.piece if streaming else None):
                found.append(one)
                send(told(one, is_streamed=streaming is not None and streaming.end(one.style)))
            send(Markup("</article>"))
        if asked.credit:
            send(self._credit(asked, question, found))

    def _opened(self, name: str) -> tuple[Any, list[str]]:
        if name not in self._models:
            failures = list[str]()
            self._models[name] = (self._stack.enter_context(opened_model(name, self._key_variable, failures)), failures)
        return self._models[name]

    def _credit(self, asked: Asked, question: Question, found: Sequence[Replies]) -> Markup:
        """The first model's last reply, its tokens coloured by their credit over the second."""
        models = [self._opened(name)[0] for name in asked.names]
        made = credit_of_last(models, question, found[: len(asked.plan.styles)])
        logprobs = logprobs_of({"policy": made.scored.policy, "reference": made.scored.reference})
        shown = coloured({0: made.chain.text}, {0: made.credit}, {0: logprobs})
        macros: Any = PAGES.get_template("macros.jinja").module
        return Markup('<div class="wide"><h2>credit of {} over {}</h2>{}{}</div>').format(
            *asked.names, macros.coloured_key(shown["scale"]),
            Markup().join(macros.coloured_chain(one, shown["scale"]) for one in shown["chains"]),
        )  # fmt: skip


class _Streaming:
    """Opens the paragraph of a style at its first piece."""

    def __init__(self, send: Callable[[str], None]) -> None:
        self._send = send
        self._style: Style | None = None

    def piece(self, style: Style, text: str) -> None:
        if style is not self._style:
            self._send(Markup('<h3>{}</h3><p class="chain">').format(style.value))
            self._style = style
        self._send(escape(text))

    def end(self, style: Style) -> bool:
        return self._style is style


def told(one: Replies, *, is_streamed: bool) -> Markup:
    """What came in a style: its texts unless they were streamed, answers, votes, time."""
    shown = Markup("</p>") if is_streamed else Markup("<h3>{}</h3>").format(one.style.value)
    if one.failure:
        shown += Markup('<p class="alarm">no reply: {}</p>').format(one.failure)
    for said in one.replies:
        text = Markup() if is_streamed else Markup('<p class="chain">{}</p>').format(said.text)
        answer = said.answer if said.answer is not None else f"none ({said.why})"
        cut = " · cut at the limit of tokens" if said.is_cut else ""
        shown += text + Markup('<p class="muted">answer <b>{}</b>{}</p>').format(answer, cut)
    if len(one.replies) > 1:
        votes = Markup(", ").join(Markup("<b>{}</b> × {}").format(*vote) for vote in one.votes) or "none"
        shown += Markup('<p class="votes">votes of {}: {}</p>').format(len(one.replies), votes)
    return shown + Markup('<p class="muted">{} s</p>').format(f"{one.seconds:.1f}")


def fields_of(kind: str, body: bytes) -> Mapping[str, Sequence[bytes]]:
    """The fields of a form that a browser sent as multipart/form-data (RFC 7578), by name.

    Raises:
        ValueError: it is none.
    """
    head = f"Content-Type: {kind}\r\n\r\n".encode("latin-1", "replace")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    if not kind.startswith("multipart/form-data") or not message.is_multipart():
        raise ValueError("the form is no multipart/form-data")
    fields: dict[str, list[bytes]] = {}
    for part in message.iter_parts():
        name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            fields.setdefault(name, []).append(value)
    return fields


def _one(fields: Mapping[str, Sequence[bytes]], name: str) -> str:
    return next(iter(fields.get(name, ())), b"").decode("utf-8", "replace")


def _number(fields: Mapping[str, Sequence[bytes]], name: str, usual: int, most: int) -> int:
    number = int(_one(fields, name).strip() or usual)
    if not 1 <= number <= most:
        raise ValueError(f"{name} is a number from 1 to {most}")
    return number
