"""What a teacher is asked for rationales: one prompt a kind of benchmark, given picture, question and short answer.

Source: LLaVA-Reasoner (arXiv 2410.16198), section 3.1; its distillation prompt is not published. The wording is ours
and follows what its appendix B says of related prompts: rationale first, visual clues named, the answer on its mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from seewhy.endpoints.chat import Message
from seewhy.judging.prompts.conversation import messages_of
from seewhy.judging.prompts.template import PromptTemplate, builtin_prompt, question_slots
from seewhy.records.types import Question, Style


class Kind(StrEnum):
    """What a benchmark's pictures ask of a reader; each has a prompt of its own."""

    REAL_WORLD = "real_world"
    CHART = "chart"
    DOCUMENT = "document"
    MATH_SCIENCE = "math_science"


KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("aokvqa", "aokvqa_da", "crpe", "easyvqa", "llavabench", "mmhal", "mmvet", "nlvr", "objecthal",
                     "pope", "scenes"),
                    Kind.REAL_WORLD),
    "chartqa": Kind.CHART,
    **dict.fromkeys(("docvqa", "infovqa", "ocrbench", "textvqa"), Kind.DOCUMENT),
    **dict.fromkeys(("ai2d", "geoqa", "inkgrid", "m3cot", "mathvision", "mathvista", "mmmu", "mmstar", "scienceqa",
                     "tabmwp", "mmmupro"), Kind.MATH_SCIENCE),
}  # fmt: skip
"""The kind of each benchmark that seewhy reads; a user's own questions have none until one is named."""


@dataclass(frozen=True, slots=True)
class TeacherPrompt:
    """Turns a question into what a teacher is asked; a function of its fields and arguments alone."""

    kind: Kind | None = None
    """The kind of all questions; None takes that of each question's benchmark."""
    template: PromptTemplate | None = None
    """A user's own prompt in place of all kinds."""

    def __post_init__(self) -> None:
        """Refuse a prompt that does not hold the question and its answer."""
        if self.template is not None:
            self.template.require(("question", "gold"), SLOTS)

    def __call__(self, question: Question, style: Style, blind: bool) -> tuple[Message, ...]:
        """One turn of the user. In direct style the question's turns, as any model is asked it, without the answer.

        Raises:
            ValueError: the question's benchmark has no kind, and none was named.
        """
        images = () if blind else question.images
        if style is Style.DIRECT:
            return messages_of(question, style, blind=blind)
        slots = question_slots(question, blind=blind, show_gold=True)
        form = "the letter of the right option alone" if question.options else "a number, a single word or a phrase"
        return (Message(text=self.template_of(question).fill(**slots, answer_form=form), images=images),)

    def template_of(self, question: Question) -> PromptTemplate:
        """The prompt that a question gets."""
        if self.template is not None:
            return self.template
        kind = self.kind or KINDS.get(question.benchmark)
        if kind is None:
            known = ", ".join(one.value for one in Kind)
            raise ValueError(f"question {question.id!r} of {question.benchmark!r} has no kind of prompt; name one of "
                             f"{known}, or a prompt of your own")  # fmt: skip
        return TEMPLATES[kind]


SLOTS = frozenset({"pictures", "options", "hint", "answer_form"})
TEMPLATES: Mapping[Kind, PromptTemplate] = {kind: builtin_prompt(f"distil_{kind}") for kind in Kind}
