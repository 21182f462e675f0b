"""How many chains are drawn of a question, and how freely."""

from collections.abc import Sequence
from dataclasses import dataclass

from seewhy.model.api import SamplingParams
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.types import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingPlan:
    """Chains of a model's own, to be graded.

    Example:
        >>> SamplingPlan(questions=10).per_question
        32
    """

    questions: int
    """Training questions that are asked."""
    with_options: bool = True
    """Whether questions with options are asked; of four options a guess is right in a quarter of all chains, and a
    model that guesses learns nothing from being right."""
    per_question: int = 32
    """Chains a question (LLaVA-Reasoner, arXiv 2410.16198, section 3.3: 32)."""
    temperature: float = 1.0
    """For short answers (LLaVA-Reasoner, section 5: 1.0)."""
    multiple_choice_temperature: float = 1.2
    """For multiple choice (LLaVA-Reasoner, section 5: 1.2)."""
    top_p: float = 1.0
    """Share of the probability mass that may be drawn; 1 keeps all."""
    top_k: int = 0
    """Number of most likely tokens that may be drawn; 0 keeps all."""
    max_tokens: int = 256
    """Tokens of a chain, at most; a longer one is cut and says so in `Chain.stop`."""
    seed: int = 0
    """Seed of every chain's own generator, with question id and index."""

    def __post_init__(self) -> None:
        """Refuses settings that cannot be meant, by name, before anything runs."""
        require_least(self, 0, "questions")
        require_least(self, 1, "per_question")
        require_seed(self)
        self.decoding(is_letter=False)
        try:
            self.decoding(is_letter=True)
        except ValueError as error:
            raise ValueError(f"multiple_choice_{error}") from error

    def choose(self, questions: Sequence[Question], taught: int) -> list[Question]:
        """The questions that are asked: the first after the `taught` ones, or of all where too few are left."""
        fresh = self._suiting(questions[taught:])
        return (fresh if len(fresh) >= self.questions else self._suiting(questions))[: self.questions]

    def _suiting(self, questions: Sequence[Question]) -> list[Question]:
        return [question for question in questions if self.with_options or not question.options]

    def decoding(self, is_letter: bool) -> SamplingParams:
        """How chains of multiple-choice questions, or of the others, are drawn."""
        return SamplingParams(
            temperature=self.multiple_choice_temperature if is_letter else self.temperature,
            top_p=self.top_p, top_k=self.top_k, max_tokens=self.max_tokens, seed=self.seed,
        )  # fmt: skip
