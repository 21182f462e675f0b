"""One question to one or several models: replies in each style, their answers and votes."""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, runtime_checkable

from seewhy.endpoints.chains import ChainTeller
from seewhy.endpoints.plan import EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.transport.api import Heard
from seewhy.judging.answers.decoration import normalise
from seewhy.judging.answers.extract import extract_answer
from seewhy.judging.answers.findings import Abstention
from seewhy.judging.prompts.conversation import messages_of
from seewhy.model.api import GenerateRequest, Generates, SamplingParams
from seewhy.model.weights import weights_place
from seewhy.records.ranges import require_least
from seewhy.records.types import Chain, FinishReason, Question, Style
from seewhy.runs.discovery import load_part
from seewhy.runs.machine import is_served, spec_fields

WARM = 0.7
"""Temperature at which several replies are drawn where none is named."""


@runtime_checkable
class Hearable(Protocol):
    """A model behind a server whose reply can be read while it comes."""

    def heard_by(self, heard: Heard) -> AbstractContextManager[None]:
        """Within, `heard` is called with each reply so far."""
        ...


@runtime_checkable
class Watched(Protocol):
    """A model whose tokens can be seen while they are drawn."""

    watch: Callable[[int], None] | None
    tokenizer: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AskPlan:
    """How models are asked.

    Example:
        >>> AskPlan(samples=8).sampling.temperature
        0.7
    """

    styles: tuple[Style, ...] = (Style.DIRECT, Style.REASON)
    """Prompts: `direct` asks for the answer alone, `reason` for a chain of thought, `plain` adds no words."""
    samples: int = 1
    """Replies in each style."""
    temperature: float | None = None
    """0 takes the likeliest reply; left out, 0 for one reply and 0.7 for several."""
    max_tokens: int = 256
    """Tokens of a reply, at most."""
    seed: int = 0
    """Seed of every reply's own generator."""

    def __post_init__(self) -> None:
        """Refuse counts that ask for nothing, and several replies that would all be one."""
        require_least(self, 1, "samples", "max_tokens")
        if self.samples > 1 and self.temperature == 0:
            raise ValueError(f"`samples` {self.samples} at `temperature` 0 are all one reply: raise the temperature")
        assert self.sampling

    @property
    def sampling(self) -> SamplingParams:
        """As models take it."""
        usual = 0.0 if self.samples == 1 else WARM
        return SamplingParams(temperature=usual if self.temperature is None else self.temperature,
                              max_tokens=self.max_tokens, seed=self.seed)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A reply and the answer that is read in it."""

    text: str
    answer: str | None
    why: str = ""
    """Why no answer is read."""
    is_cut: bool = False
    """Whether it ended at the limit of tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """What a model said in one style."""

    model: str
    style: Style
    replies: tuple[Said, ...]
    votes: tuple[tuple[str, int], ...]
    """Answers, most frequent first, with how many replies give them; equal but for case and decoration is equal."""
    seconds: float
    failure: str = ""
    """Why there are no replies."""
    chains: tuple[Chain, ...] = field(default=(), repr=False)


def ask(
    model: Generates, question: Question, plan: AskPlan, failures: Sequence[str] = (),
    piece: Callable[[Style, str], None] | None = None,
) -> Iterator[Replies]:  # fmt: skip
    """The replies of a model, style by style.

    Args:
        model: who is asked.
        question: what is asked.
        plan: how.
        failures: why a server gave no reply, filled while it is asked.
        piece: called with each piece of the first reply while it is drawn, by a server where one reply is asked for;
            joined they are its text.
    """
    for style in plan.styles:
        began, before = time.perf_counter(), len(failures)
        asked = [GenerateRequest(question=question, style=style, count=plan.samples)]
        with _passed_on(model, piece and partial(piece, style)) as rest:
            chains = model.generate(asked, plan.sampling)[0]
            if chains:
                rest(chains[0].text)
        said = tuple(read(chain, question) for chain in chains)
        failure = "" if chains else "; ".join(failures[before:])
        yield Replies(model=model.name, style=style, replies=said, votes=votes_of(said), chains=chains,
                      seconds=time.perf_counter() - began, failure=failure)  # fmt: skip


@contextmanager
def _passed_on(model: Generates, piece: Callable[[str], None] | None) -> Generator[Callable[[str], None]]:
    """Passes on what a model says while it says it; it gives what takes the final text, for the rest of it."""
    talker = model.chat_model if isinstance(model, ChainTeller) else None
    if piece is None:
        yield lambda _: None
    elif isinstance(model, Watched):
        stream = Stream(partial(model.tokenizer.decode, skip_special_tokens=True))
        model.watch = lambda token: piece(stream.add(token))
        try:
            yield lambda text: piece(stream.rest(text))
        finally:
            model.watch = None
    elif isinstance(talker, Hearable):
        told = Told()
        with talker.heard_by(lambda text: piece(told.add(text))):
            yield lambda text: piece(told.add(text))
    else:
        yield lambda _: None


def read(chain: Chain, question: Question) -> Said:
    """A reply with its answer, by the extraction that every judge here uses."""
    found = extract_answer(chain.text, question.options, rule=question.gold.rule, style=chain.style)
    is_cut = chain.stop is FinishReason.LENGTH
    if isinstance(found, Abstention):
        return Said(text=chain.text, answer=None, why=found.why, is_cut=is_cut)
    return Said(text=chain.text, answer=found.answer, is_cut=is_cut)


def votes_of(said: Sequence[Said]) -> tuple[tuple[str, int], ...]:
    """Answers with their votes; the spelling is that of the first reply that gives one.

    Example:
        >>> votes_of([Said(text="", answer=one) for one in ("7", "Cat", "cat.", None)])
        (('Cat', 2), ('7', 1))
    """
    spelt: dict[str, str] = {}
    for one in said:
        if one.answer is not None:
            spelt.setdefault(normalise(one.answer), one.answer)
    counts = Counter(normalise(one.answer) for one in said if one.answer is not None)
    return tuple((spelt[name], count) for name, count in counts.most_common())


@contextmanager
def opened_model(name: str, key_variable: str, failures: list[str]) -> Generator[Any]:
    """A model with weights, by folder, Hub name or `tiny`; or one behind a server, as NAME@URL.

    Args:
        name: which one.
        key_variable: environment variable with the key of a server; empty where it wants none.
        failures: gets the reason of each request to a server that has no reply.

    Raises:
        ValueError: it cannot be opened.
    """
    if is_served(name):
        spec = spec_fields(name)
        plan = EndpointPlan(base_url=spec["base_url"], model=spec["model"], key_variable=key_variable)
        with load_part("endpoints", "client").Teacher(plan, PacePlan(tries=2), SpendPlan(is_free=True)) as client:
            yield ChainTeller(
                chat_model=client, prompt=lambda question, style, blind: messages_of(question, style, blind=blind),
                tell_failure=lambda _, why: failures.append(why),
            )  # fmt: skip
        return
    try:
        found = load_part("model", "families.hub").HubModel.load(weights_place(name), label=name)
    except (OSError, ValueError) as error:
        raise ValueError(f"model {name!r} cannot be opened ({error}); give tiny, a folder in Hugging Face format with "
                         "its processor, a name on the Hub, or NAME@URL of one behind a server") from error  # fmt: skip
    yield found


class Told:
    r"""What is new of a reply that a server tells; where it begins anew with another text, that follows below.

    Example:
        >>> told = Told()
        >>> [told.add(text) for text in ("4", "42", "4", "42 cm")]
        ['4', '2', '', ' cm']
        >>> told.add("The sum")
        '\n[begun anew]\nThe sum'
    """

    def __init__(self) -> None:
        self._shown = ""

    def add(self, text: str) -> str:
        """What is to be shown now that the reply has come so far."""
        if self._shown.startswith(text):
            return ""
        new = text.startswith(self._shown)
        piece = text[len(self._shown) :] if new else f"\n[begun anew]\n{text}"
        self._shown = text
        return piece


class Stream:
    """Whole characters of a reply while its tokens are drawn; the joined pieces are the reply's final text.

    Example:
        >>> stream = Stream(lambda ids: "".join(" aé"[n] for n in ids))
        >>> [stream.add(n) for n in (0, 1, 0, 2)], stream.rest("a é")
        (['', 'a', '', ' é'], '')
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode, self._ids, self._shown = decode, list[int](), ""

    def add(self, token: int) -> str:
        """What a token adds: nothing while a character is not whole, or where white space may be the reply's end."""
        self._ids.append(token)
        text = self._decode(self._ids).lstrip().rstrip("\N{REPLACEMENT CHARACTER}").rstrip()
        return self._add(text)

    def rest(self, text: str) -> str:
        """What is left of the final text."""
        return self._add(text)

    def _add(self, text: str) -> str:
        if not text.startswith(self._shown):
            return ""
        piece, self._shown = text[len(self._shown) :], text
        return piece
