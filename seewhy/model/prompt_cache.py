"""Encoded prompts kept in bounded memory, shared by models with the same processor."""

from collections import OrderedDict
from collections.abc import Callable

from seewhy.model.group import Prompt

Key = tuple[str, str, bool]
"""Question id, style, and whether the pictures are withheld."""
MOST_BYTES = 1 << 29
"""512 MiB of picture tensors."""


def bytes_of(prompt: Prompt) -> int:
    """Memory of a prompt's picture tensors."""
    return sum(tensor.element_size() * tensor.numel() for tensor in prompt.pictures.values())


class PromptCache:
    """The most recently used prompts, up to a number of bytes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """An empty cache."""
        self.most_bytes = most_bytes
        self.held_bytes = 0
        self._prompts: OrderedDict[Key, Prompt] = OrderedDict()

    def get(self, key: Key, encode: Callable[[], Prompt]) -> Prompt:
        """The prompt of a key, encoded if it is not held; the least recently used ones make room."""
        if key in self._prompts:
            self._prompts.move_to_end(key)
            return self._prompts[key]
        prompt = encode()
        self._prompts[key] = prompt
        self.held_bytes += bytes_of(prompt)
        while self.held_bytes > self.most_bytes and len(self._prompts) > 1:
            self.held_bytes -= bytes_of(self._prompts.popitem(last=False)[1])
        return prompt
