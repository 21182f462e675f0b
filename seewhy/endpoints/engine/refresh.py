"""Gives servers new weights while they run: vLLM and SGLang, a LoRA adapter or all weights, from a folder.

Which paths are used, of vLLM 0.33 and SGLang 0.5.23:

- vLLM, adapter: `/v1/load_lora_adapter` and `/v1/unload_lora_adapter` (`VLLM_ALLOW_RUNTIME_LORA_UPDATING=1`).
- vLLM, whole: `/collective_rpc` with `reload_weights` and `weights_path` (`VLLM_SERVER_DEV_MODE=1`), after it
  `/reset_prefix_cache`, `/reset_mm_cache`, `/reset_encoder_cache`, which the reload leaves to its caller, and
  `/update_weight_version`, so that replies say it.
- SGLang, adapter: `/load_lora_adapter`, `/unload_lora_adapter` (`--enable-lora`); asked as `model:adapter`.
- SGLang, whole: `/update_weights_from_disk` with `flush_cache` and `weight_version`.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from seewhy.endpoints.client import headers_for
from seewhy.endpoints.engine.words import SGLANG, VLLM
from seewhy.endpoints.secrets import read_key, redactor_for
from seewhy.endpoints.texts import start_of
from seewhy.endpoints.transport.api import HttpResponse
from seewhy.endpoints.transport.http import HttpTransport
from seewhy.endpoints.transport.loop import BackgroundLoop

LOOK_S = 10.0
"""Seconds in which a server says what it is."""
NOT_THERE = (404, 405)
REMEDIES = {
    (VLLM, True): "start it with --enable-lora, --max-lora-rank and VLLM_ALLOW_RUNTIME_LORA_UPDATING=1",
    (VLLM, False): "start it with VLLM_SERVER_DEV_MODE=1",
    (SGLANG, True): "start it with --enable-lora, --max-lora-rank and --lora-target-modules",
    (SGLANG, False): "check that it sees the folder under the same path",
}
CACHES = ("/reset_prefix_cache", "/reset_mm_cache", "/reset_encoder_cache")
"""Of vLLM, which hold what older weights made of prompts and pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWeights:
    """Weights in a folder.

    Example:
        >>> NewWeights(path="/shared/grpo-000004", name="grpo-000004", is_adapter=True).name
        'grpo-000004'
    """

    path: str
    """As the servers see it."""
    name: str
    """Of the adapter; of whole weights what replies say of them, where servers can."""
    is_adapter: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What came of a server."""

    url: str
    kind: str = ""
    """`vLLM` or `SGLang`."""
    refusal: str = ""
    """Why it would not take them: its settings are at fault."""
    is_away: str = ""
    """Why it could not be reached, or failed."""


class WeightGiver:
    """Speaks with several servers at once; use it in a `with`."""

    def __init__(self, urls: Sequence[str], key_variable: str, within_s: float) -> None:
        """ValueError where the key's variable is empty."""
        self.urls, self.within_s = tuple(urls), within_s
        self._key = read_key(key_variable)
        self._loop = BackgroundLoop("refresh")

    def give(self, weights: NewWeights, old: Sequence[str] = ()) -> list[Refreshed]:
        """Give all servers new weights, and take `old` adapters away before; what came of each."""
        return self._loop.run(self._all(weights, old))

    def take(self, adapters: Sequence[str]) -> list[Refreshed]:
        """Take adapters away."""
        return self._loop.run(self._all(None, adapters))

    def __enter__(self) -> "WeightGiver":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.close()

    async def _all(self, weights: NewWeights | None, old: Sequence[str]) -> list[Refreshed]:
        return list(await asyncio.gather(*[self._one(url, weights, old) for url in self.urls]))

    async def _one(self, url: str, weights: NewWeights | None, old: Sequence[str]) -> Refreshed:
        root = engine_root(url)
        say = redactor_for(self._key).clean
        transport = HttpTransport(root, headers_for(url, self._key))
        try:
            kind = await kind_of(transport)
            visit = _Visit(url=url, kind=kind, transport=transport, within_s=self.within_s)
            for name in old:
                await visit.unload(name)
            refusal = await visit.load(weights) if weights else ""
            return Refreshed(url=url, kind=kind, refusal=say(refusal))
        except OSError as error:  # TimeoutError among them
            return Refreshed(url=url, is_away=say(str(error)) or f"no answer in {self.within_s:g} s")
        finally:
            await transport.close()


def engine_root(base_url: str) -> str:
    """Where an engine's own calls begin, beside those of OpenAI's form.

    Example:
        >>> engine_root("http://127.0.0.1:8000/v1/")
        'http://127.0.0.1:8000'
    """
    return base_url.rstrip("/").removesuffix("/v1")


async def kind_of(transport: HttpTransport) -> str:
    """Which of the two a server is: SGLang says where its model is; OSError where it does not answer."""
    for path in ("/model_info", "/get_model_info"):
        answer = await transport.get(path, LOOK_S)
        if answer.status == 200 and b'"model_path"' in answer.body:
            return SGLANG
    return VLLM


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One server."""

    url: str
    kind: str
    transport: HttpTransport
    within_s: float

    async def load(self, weights: NewWeights) -> str:
        """Why it refuses; empty where it took them. OSError where it failed."""
        if weights.is_adapter:
            body: dict[str, object] = {"lora_name": weights.name, "lora_path": weights.path}
            return await self._asked(f"{self._lora}/load_lora_adapter", body, is_adapter=True)
        if self.kind == SGLANG:
            body = {"model_path": weights.path, "flush_cache": True, "weight_version": weights.name}
            return await self._asked("/update_weights_from_disk", body, is_adapter=False)
        return await self._reload(weights)

    async def unload(self, name: str) -> None:
        """Take an adapter away; one that the server does not have is none."""
        await self._post(f"{self._lora}/unload_lora_adapter", {"lora_name": name})

    async def _reload(self, weights: NewWeights) -> str:
        body: dict[str, object] = {"method": "reload_weights", "kwargs": {"weights_path": weights.path}}
        refusal = await self._asked("/collective_rpc", body, is_adapter=False)
        if refusal:
            return refusal
        for path in CACHES:
            answer = await self._post(path, {})
            is_refused = answer.status == 200 and b'"success":false' in answer.body.replace(b" ", b"")
            if is_refused or (answer.status not in (200, *NOT_THERE)):
                return f"{self.url}{path}: {start_of(answer.body)}; start it anew, so that it keeps nothing of before"
        await self._post("/update_weight_version", {"new_version": weights.name})
        return ""

    @property
    def _lora(self) -> str:
        return "" if self.kind == SGLANG else "/v1"

    async def _asked(self, path: str, body: dict[str, object], *, is_adapter: bool) -> str:
        answer = await self._post(path, body)
        if answer.status == 200:
            return ""
        said = "it has no such path" if answer.status in NOT_THERE else start_of(answer.body)
        return f"{self.url} ({self.kind}) refuses {path}: {said}; {REMEDIES[self.kind, is_adapter]}"

    async def _post(self, path: str, body: dict[str, object]) -> HttpResponse:
        answer = await self.transport.post(path, json.dumps(body).encode(), self.within_s)
        if answer.status >= 500:
            raise ConnectionError(f"{path} was answered with {answer.status}: {start_of(answer.body)}")
        return answer
