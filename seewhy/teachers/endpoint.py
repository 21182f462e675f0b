"""The teacher called endpoint: rationales of a model behind a server."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from seewhy.endpoints.chains import ChainTeller
from seewhy.endpoints.chat import ChatModel
from seewhy.judging.prompts.distilling import Kind, TeacherPrompt
from seewhy.judging.prompts.template import read_prompt
from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.records.ranges import require_least, require_seed
from seewhy.records.types import Chain, Question, Style


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTeacher:
    """Asks a model for a rationale of each question, given picture, question and short answer."""

    prompt: str = ""
    """A kind (`real_world`, `chart`, `document`, `math_science`) or a text file of your own; empty takes the kind of
    the benchmark."""
    temperature: float = 0.0
    """At which rationales are drawn."""
    max_tokens: int = 512
    """Tokens of a rationale, at most."""
    seed: int = 0
    """Passed on to servers that take one."""
    chat_model: ChatModel
    """The model that is asked."""
    unanswered: Callable[[str, str], None] = field(compare=False)
    """Called with the id of each question that got no rationale, and why."""

    def __post_init__(self) -> None:
        """Refuse numbers out of range, and a prompt that does not exist."""
        require_least(self, 0, "temperature")
        require_least(self, 1, "max_tokens")
        require_seed(self)
        assert self.template

    @property
    def template(self) -> TeacherPrompt:
        """The prompt: its benchmark's, that of a kind, or a file."""
        if self.prompt in {kind.value for kind in Kind}:
            return TeacherPrompt(kind=Kind(self.prompt))
        if not self.prompt:
            return TeacherPrompt()
        if not Path(self.prompt).is_file():
            raise ValueError(
                f"prompt {self.prompt!r} is no file: name one, or a kind: {', '.join(kind.value for kind in Kind)}"
            )
        return TeacherPrompt(template=read_prompt(Path(self.prompt)))

    def require(self, questions: Sequence[Question]) -> None:
        """ValueError where a question has no prompt."""
        for question in questions:
            self.template.template_of(question)

    def versions(self, questions: Sequence[Question]) -> list[str]:
        """Hashes of the prompts in use."""
        return sorted({self.template.template_of(question).version for question in questions})

    def teach(self, questions: Sequence[Question]) -> Iterator[Chain]:
        """At most one chain a question."""
        teller = ChainTeller(chat_model=self.chat_model, prompt=self.template, tell_failure=self._hear)
        asks = [GenerateRequest(question=question, style=Style.REASON) for question in questions]
        decoding = SamplingParams(temperature=self.temperature, max_tokens=self.max_tokens, seed=self.seed)
        for chains in teller.generate(asks, decoding):
            yield from chains

    def _hear(self, ask: GenerateRequest, why: str) -> None:
        self.unanswered(ask.question.id, why)
