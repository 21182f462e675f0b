"""A real server on loopback that answers as a test tells it to, and remembers what it was asked."""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it arrived."""

    number: int
    """Counted from 0."""
    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> dict:
        return json.loads(self.content)

    @property
    def text(self) -> str:
        """The text of the last message."""
        content = self.body["messages"][-1]["content"]
        return content if isinstance(content, str) else content[-1]["text"]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back, and how."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    wait_s: float = 0.0
    cut_at: int | None = None
    """The connection ends after so many bytes of the body, though more were promised."""
    drip_s: float = 0.0
    """Seconds between two bytes of the body."""
    raw: bytes = b""
    """Sent in place of all else."""
    raw_ends: bool = False
    """The connection ends after `raw`."""


Rule = Callable[[Asked], Answer]


class LoopServer:
    """Runs in a thread while a `with` block lasts."""

    def __init__(self, rule: Rule, tls: ssl.SSLContext | None = None) -> None:
        self.rule = rule
        self.tls = tls
        self.connections = 0
        self.asked: list[Asked] = []
        self.at_once = 0
        self.max_at_once = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> "LoopServer":
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1000, ssl=self.tls), self._loop
        ).result()
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._serve_one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        content = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(number=len(self.asked), method=method, path=path, headers=headers, content=content)
        self.asked.append(asked)
        self.at_once += 1
        self.max_at_once = max(self.max_at_once, self.at_once)
        try:
            answer = self.rule(asked)
            await asyncio.sleep(answer.wait_s)
        finally:
            self.at_once -= 1
        return await self._send(answer, writer)

    async def _send(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        if answer.raw:
            writer.write(answer.raw)
            await writer.drain()
            return not answer.raw_ends
        told = {"content-type": answer.kind, "content-length": str(len(answer.body)), **answer.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {answer.status} Told\r\n{head}\r\n".encode())
        if answer.drip_s:
            for byte in answer.body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(answer.drip_s)
            return True
        writer.write(answer.body[: answer.cut_at])
        await writer.drain()
        return answer.cut_at is None


def choices(*texts: str | None, prompt: int = 10, completion: int = 5, model: str = "tiny-1", **more: object) -> Answer:
    """A good answer with one choice a text; `more` stands in each choice."""
    told = [
        {"index": index, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more}
        for index, text in enumerate(texts)
    ]
    usage = {"prompt_tokens": prompt, "completion_tokens": completion * len(texts), "total_tokens": 0}
    return as_json({"id": "c", "object": "chat.completion", "model": model, "choices": told, "usage": usage})


DONE = b"data: [DONE]\n\n"


def chunk(text: str | None = None, end: str | None = None, **more: object) -> bytes:
    """A piece of a streamed answer; `more` stands in its delta."""
    delta = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": delta | more, "finish_reason": end}
    return b"data: %s\n\n" % json.dumps({"model": "m-1", "choices": [choice]}, ensure_ascii=False).encode()


def events(body: bytes, **more) -> Answer:
    """A streamed answer of such pieces."""
    return Answer(body=body, kind="text/event-stream; charset=utf-8", **more)


def as_json(value: object, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): told for name, told in headers.items()}
    return Answer(status=status, body=json.dumps(value).encode(), headers=named)


def error(status: int, message: str, **headers: str) -> Answer:
    """An error in OpenAI's form."""
    return as_json({"error": {"message": message, "type": "error", "param": None, "code": None}}, status, **headers)


def echo(asked: Asked) -> Answer:
    """As many choices as were asked for, each the prompt's own text."""
    return choices(*[asked.text] * asked.body.get("n", 1))
