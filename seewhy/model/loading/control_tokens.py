"""Control tokens in words of users are text: `<image>` or an end of turn in a question is encoded as its letters."""

import re
from collections.abc import Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase, ProcessorMixin
from transformers.utils.chat_template_utils import encode_marked_chat, mark_control_tokens

HOLE = "\ue0fe"
"""In the place of a control token in a user's words: a private-use character, which templates hand on as it is."""


def tokenizer_of(processor: ProcessorMixin) -> Any:  # noqa: ANN401 - transformers says of few results what they are
    """The processor's tokenizer."""
    return processor.tokenizer  # pyright: ignore[reportAttributeAccessIssue]


def special_tokens(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Spellings of the tokens that no text is made of."""
    return [token.content for token in tokenizer.added_tokens_decoder.values() if token.special]


def written_tokens(processor: ProcessorMixin) -> list[str]:
    """Spellings of the special tokens, and of other added tokens that the chat template writes, such as `</think>`."""
    tokenizer = tokenizer_of(processor)
    template = str(processor.chat_template)
    added = (token.content for token in tokenizer.added_tokens_decoder.values())
    return special_tokens(tokenizer) + [token for token in added if token.strip() and token in template]


def pattern_of(tokens: Sequence[str]) -> re.Pattern[str]:
    """Matches any of the tokens, a longer one before a shorter one that it begins with; nothing where there is none."""
    longest_first = sorted(set(tokens), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or "(?!)")


def marked(words: str, pattern: re.Pattern[str]) -> str:
    """The words with marks around the tokens in them, which `ids_of` and processors read as text."""
    return mark_control_tokens(words, pattern) if pattern.search(words) else words


def ids_of(tokenizer: PreTrainedTokenizerBase, text: str, is_marked: bool) -> list[int]:
    """Token ids of a rendered chat, what is marked in it spelt in letters.

    Raises:
        ValueError: the tokenizer cannot spell a marked token in letters.
    """
    return (
        encode_marked_chat(tokenizer, text)
        if is_marked
        else list(tokenizer(text, add_special_tokens=False)["input_ids"])
    )


def letters_of(tokenizer: PreTrainedTokenizerBase, token: str) -> list[int]:
    """Ids that spell a control token in letters; ValueError where the tokenizer has none."""
    return encode_marked_chat(tokenizer, mark_control_tokens(token, pattern_of([token])))


def holes_of(text: str, stand_in: str) -> list[bool]:
    """Of each hole and each stand-in of a text, in order, whether it is a hole.

    Example:
        >>> holes_of(f"</s>a{HOLE}</s>", "</s>")
        [False, True, False]
    """
    return [found == HOLE for found in pattern_of([HOLE, stand_in]).findall(text)]
