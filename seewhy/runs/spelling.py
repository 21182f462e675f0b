"""What a model with weights knows of words without its weights: prompts as ids, and texts as ids and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seewhy.model.families.hub import HubModel
from seewhy.model.prompts import prompt_turns
from seewhy.model.vision.pictures import picture_files
from seewhy.records.types import Question, Style

NEAR = 32
"""Tokens by which an estimate of a prompt's length may be wrong: the words of a prompt are encoded apart."""


@dataclass(slots=True, kw_only=True)
class HubSpelling:
    """The tokenizer, processor and template of a model of Hugging Face; its weights are not looked at.

    Example:
        >>> from seewhy.runs.forecast.meta import open_meta
        >>> spelling = HubSpelling(hub=open_meta("tiny"))
        >>> spelling.text(spelling.spell("The sum is 12.", is_cut=False) or ())
        'The sum is 12.'
    """

    hub: HubModel
    frames: dict[tuple[object, ...], int] = field(default_factory=dict[tuple[object, ...], int])
    """Tokens of a prompt that are not its words, by the sizes of its pictures and its number of turns."""

    @property
    def instructions(self) -> Mapping[str, str]:
        """The words of each style, where the model has its own."""
        return self.hub.instructions

    @property
    def ends(self) -> frozenset[int]:
        """Tokens that end a reply."""
        return self.hub.replies.ends

    @property
    def begun(self) -> tuple[int, ...]:
        """Tokens that the generation prompt ends with, and that a chain begins with here."""
        return self.hub.replies.leftover

    @property
    def banned(self) -> tuple[int, ...]:
        """Tokens that stand for pictures, which no chain may hold."""
        return self.hub.banned()

    def prompt_ids(self, question: Question, style: Style, *, blind: bool) -> tuple[int, ...]:
        """Ids of the whole prompt, pictures expanded."""
        return (*self.hub.prompt(question, style, blind).ids, *self.begun)

    def prompt_length(self, question: Question, style: Style, *, blind: bool, limit: int) -> int:
        """Tokens of a prompt; an estimate, to `NEAR`, where that is clearly below `limit`.

        The words are counted, and of pictures of the same sizes only the first are encoded.
        """
        turns = prompt_turns(question, style, self.instructions, blind=blind)
        words = sum(len(self.hub.tokenizer.encode(turn.text, add_special_tokens=False)) for turn in turns)
        key = (len(turns), *(() if blind else [file.open().size for file in picture_files(question)]))
        if key in self.frames and words + self.frames[key] + NEAR <= limit:
            return words + self.frames[key]
        length = len(self.prompt_ids(question, style, blind=blind))
        self.frames[key] = length - words
        return length

    def text(self, ids: Sequence[int]) -> str:
        """The words of ids, without special tokens."""
        return self.hub.tokenizer.decode(list(ids), skip_special_tokens=True).strip()

    def spell(self, text: str, *, is_cut: bool) -> tuple[int, ...] | None:
        """Ids of a reply, with the token that ends it unless it was cut; None where they do not spell the text."""
        ids = self.hub.replies.beginning(text) if is_cut else self.hub.replies.ids(text)
        return ids if ids and self.text(ids) == text.strip() else None
