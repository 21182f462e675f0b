"""Encoded prompts kept in bounded memory, shared by the models of a process."""

import os
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol, runtime_checkable

from seewhy.model.free_memory import memory_bytes
from seewhy.model.packed.group import Prompt

Key = tuple[str, tuple[str, ...]]
"""The words of a prompt and the digests of its pictures' bytes: all that the processor is given."""
USUAL_SHARE = 1 / 16
"""Of the machine's memory, for all of as many processes as it has cores."""
LEAST_BYTES = 64 << 20
ID_BYTES = 8
"""Of a token id in a tuple: a reference, for the numbers themselves are mostly shared."""


def bytes_of(prompt: Prompt) -> int:
    """Memory of a prompt: its picture tensors, its token ids and the marks of its tokens."""
    tensors = [*prompt.pictures.values(), *prompt.features]
    tokens = len(prompt.ids) * (1 + len(prompt.token_type_ids))
    return ID_BYTES * tokens + sum(tensor.element_size() * tensor.numel() for tensor in tensors)


def usual_bytes() -> int:
    """What a process keeps where nothing else is said: a core's part of a sixteenth of the memory, 64 MiB at least."""
    return max(LEAST_BYTES, int(USUAL_SHARE * memory_bytes() / (os.cpu_count() or 1)))


@runtime_checkable
class KeepsPrompts(Protocol):
    """Where a model looks for the prompts that it has encoded."""

    @property
    def max_bytes(self) -> int:
        """What is kept at most."""
        ...

    def get(self, key: Key, encode: Callable[[], Prompt]) -> Prompt:
        """The prompt of a key, encoded where it is not held."""
        ...


class PromptCache:
    """The most recently used prompts, up to a number of bytes."""

    def __init__(self, max_bytes: int = 0) -> None:
        """An empty cache; of 0 bytes it is the usual size."""
        self.max_bytes = max_bytes or usual_bytes()
        self.held_bytes = 0
        self._prompts: OrderedDict[Key, Prompt] = OrderedDict()
        self._lock = Lock()

    def of_processor(self, fingerprint: str) -> "PromptsOfProcessor":
        """The prompts of one processor, within the bytes of all."""
        return PromptsOfProcessor(cache=self, fingerprint=fingerprint)

    def get(self, key: Key, encode: Callable[[], Prompt]) -> Prompt:
        """The prompt of a key, encoded if it is not held; the least recently used ones make room. Safe for threads.

        A prompt that is larger than the whole cache is handed back and not kept.
        """
        with self._lock:
            if key in self._prompts:
                self._prompts.move_to_end(key)
                return self._prompts[key]
        prompt = encode()
        with self._lock:
            if key not in self._prompts and bytes_of(prompt) <= self.max_bytes:
                self._prompts[key] = prompt
                self.held_bytes += bytes_of(prompt)
            while self.held_bytes > self.max_bytes:
                self.held_bytes -= bytes_of(self._prompts.popitem(last=False)[1])
        return prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptsOfProcessor:
    """The part of a cache that models with the same processor share."""

    cache: PromptCache
    fingerprint: str

    @property
    def max_bytes(self) -> int:
        return self.cache.max_bytes

    def get(self, key: Key, encode: Callable[[], Prompt]) -> Prompt:
        return self.cache.get((f"{self.fingerprint} {key[0]}", key[1]), encode)
