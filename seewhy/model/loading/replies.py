"""Text replies as token ids: what the chat template's own rendering of the conversation has after its prompt."""

import logging
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Any

from transformers import ProcessorMixin

from seewhy.model.loading.control_tokens import ids_of, marked, pattern_of, special_tokens, tokenizer_of
from seewhy.model.loading.templates import render_turns
from seewhy.records.types import Response

PROBE = "seewhy probe"
LOG = logging.getLogger(__name__)


def _shared(one: Sequence[object], other: Sequence[object]) -> int:
    """How far two sequences are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


class Replies:
    """Encodes text replies as the chat template writes them, with what it writes before them and the end of the turn.

    Special tokens in the text of a reply are encoded as text. Where the template's rendering of a conversation does not
    begin with its generation prompt, replies begin where the two part.
    """

    def __init__(self, processor: ProcessorMixin, ends: frozenset[int], name: str) -> None:
        """Raises ValueError where the template does not write what an assistant says."""
        self.processor, self.ends = processor, ends
        self.tokenizer = tokenizer_of(processor)
        self._texts: dict[int, str] = {}
        spelt = [self.tokenizer.convert_ids_to_tokens(token) for token in sorted(ends)]
        self._pattern = pattern_of([*special_tokens(self.tokenizer), *filter(None, spelt)])
        prompt, whole = self._render(None), self._render(PROBE)
        self._stem = prompt[: _shared(prompt, whole)]
        _, found, self._closing = whole[len(self._stem) :].partition(PROBE)
        if not found:
            raise ValueError(f"{name}: its chat template does not write the assistant's replies: give it one that does")
        shared = ids_of(self.tokenizer, self._stem, is_marked=False)
        whole_prompt = ids_of(self.tokenizer, prompt, is_marked=False)
        self._prompt_ids = whole_prompt if self._stem == prompt else shared[: _shared(shared, whole_prompt)]
        self.leftover = tuple(whole_prompt[len(self._prompt_ids) :])
        """The end of the generation prompt that the rendering of a whole conversation does not have: mostly nothing.

        A prompt is left without it, and a chain that is drawn begins with it.
        """
        if self.leftover:
            LOG.warning(
                "%s: what its chat template makes of prompt and reply does not begin with its generation prompt: a "
                "prompt ends before %r, with which drawn chains begin", name, prompt[len(self._stem) :],
            )  # fmt: skip

    def ids(self, text: str) -> tuple[int, ...]:
        """The reply and the first token that ends it."""
        ids = self._after_prompt(text)
        for place, token in enumerate(ids):
            if token in self.ends:
                return tuple(ids[: place + 1])
        return (*self._after_prompt(text, self._closing), min(self.ends))

    def beginning(self, text: str) -> tuple[int, ...]:
        """A reply's first words, which something follows."""
        return tuple(self._after_prompt(text, self._closing))

    def words(self, text: str) -> Sequence[int]:
        """Ids of words in the middle of a reply."""
        safe = marked(text, self._pattern)
        return ids_of(self.tokenizer, safe, safe != text)

    def check_spelling(self, response: Response) -> None:
        """ValueError where a response's token ids spell another text than its own; one without text is not asked."""
        spelt = str(self.tokenizer.decode(response.token_ids or (), skip_special_tokens=True))
        if response.text.strip() not in ("", spelt.strip()):
            raise ValueError(
                f"a response's text is {response.text[:60]!r}, and its token ids spell {spelt[:60]!r} here: they are "
                "of another model; leave token_ids out, and the text is encoded"
            )

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text of each token; special tokens have none. Joined, the pieces are the decoded text."""
        texts = [self._text_of(token) for token in ids]
        if "".join(texts) == self.tokenizer.decode(ids, skip_special_tokens=True):
            return texts
        # A character may be spread over several tokens: then it is the piece of the token that completes it.
        wholes = [str(self.tokenizer.decode(ids[: end + 1], skip_special_tokens=True)) for end in range(len(ids))]
        complete = [*(whole.rstrip("\ufffd") for whole in wholes[:-1]), wholes[-1]]
        return [whole[len(before) :] for before, whole in pairwise(["", *complete])]

    def _text_of(self, token: int) -> str:
        if token not in self._texts:
            self._texts[token] = str(self.tokenizer.decode([token], skip_special_tokens=True))
        return self._texts[token]

    def _after_prompt(self, text: str, closing: str = "") -> Sequence[int]:
        """Ids of the text after the prompt in the conversation, without `closing` at its end."""
        safe = marked(text, self._pattern)
        whole = self._render(safe).removesuffix(closing)
        ids = ids_of(self.tokenizer, whole, safe != text)
        if ids[: len(self._prompt_ids)] == self._prompt_ids:
            return ids[len(self._prompt_ids) :]
        # A token of the text reaches over the prompt's end: the prompt stays as it is, and the rest is spelt anew.
        return ids_of(self.tokenizer, whole[len(self._stem) :], safe != text)

    def _render(self, reply: str | None) -> str:
        turns: list[dict[str, Any]] = [{"role": "user", "content": [{"type": "text", "text": "?"}]}]
        if reply is not None:
            turns.append({"role": "assistant", "content": [{"type": "text", "text": reply}]})
        return render_turns(self.processor, turns, add_generation_prompt=reply is None)
