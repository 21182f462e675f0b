"""Encoded prompts kept in bounded memory, shared by models with the same processor."""

from collections import OrderedDict
from collections.abc import Callable

from seewhy.model.packed.group import Prompt

Key = tuple[str, tuple[str, ...]]
"""The words of a prompt and the digests of its pictures' bytes: all that the processor is given."""
MOST_BYTES = 1 << 29
"""512 MiB of picture tensors and token ids."""
ID_BYTES = 8
"""Of a token id in a tuple: a reference, for the numbers themselves are mostly shared."""


def bytes_of(prompt: Prompt) -> int:
    """Memory of a prompt: its picture tensors, its token ids and the marks of its tokens."""
    tensors = [*prompt.pictures.values(), *prompt.features]
    tokens = len(prompt.ids) * (1 + len(prompt.token_type_ids))
    return ID_BYTES * tokens + sum(tensor.element_size() * tensor.numel() for tensor in tensors)


class PromptCache:
    """The most recently used prompts, up to a number of bytes."""

    def __init__(self, max_bytes: int = MOST_BYTES) -> None:
        """An empty cache."""
        self.max_bytes = max_bytes
        self.held_bytes = 0
        self._prompts: OrderedDict[Key, Prompt] = OrderedDict()

    def get(self, key: Key, encode: Callable[[], Prompt]) -> Prompt:
        """The prompt of a key, encoded if it is not held; the least recently used ones make room.

        A prompt that is larger than the whole cache is handed back and not kept.
        """
        if key in self._prompts:
            self._prompts.move_to_end(key)
            return self._prompts[key]
        prompt = encode()
        if bytes_of(prompt) <= self.max_bytes:
            self._prompts[key] = prompt
            self.held_bytes += bytes_of(prompt)
        while self.held_bytes > self.max_bytes:
            self.held_bytes -= bytes_of(self._prompts.popitem(last=False)[1])
        return prompt
