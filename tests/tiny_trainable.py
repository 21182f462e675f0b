"""A hand-made model of a few hundred weights that reads a picture, a prompt and the response so far; and its rows."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from seewhy.model.packed.group import Group, Prompt
from seewhy.objectives.mpo import MPO
from seewhy.records.types import Gold, ImageRef, Lesson, MatchRule, Pair, Question, Response, Split, Style
from seewhy.training.fit import fit_pairs
from seewhy.training.plan import FitPlan
from seewhy.training.reference import ReferenceStore, reference_rows

VOCABULARY, WIDTH, END = 24, 8, 1


class TinyNet(nn.Module):
    """Hidden state: tanh of the mean of all embeddings so far plus the picture; half of it is dropped in training."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Linear(4, WIDTH)
        self.projector = nn.Linear(WIDTH, WIDTH)
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, pixels: Tensor, prompt: Sequence[int], response: Sequence[int]) -> Tensor:
        ids = torch.tensor([*prompt, *response])
        words = self.embed(ids[:-1]).cumsum(0) / torch.arange(1, len(ids))[:, None]
        seen = self.projector(torch.tanh(self.tower(pixels))).sum(0)
        logits = self.head(self.dropout(torch.tanh(self.mix(words + seen))))
        return logits.log_softmax(-1)[len(prompt) - 1 :].gather(1, torch.tensor(response)[:, None])[:, 0]


class TinyTrainable:
    """A `Trainable` of its own kind: a character is a token."""

    def __init__(self, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.net = TinyNet()
        self.name = f"tiny-{seed}"
        self.forwards: list[int] = []
        self.settings: Mapping[str, str] = {}
        self.has_adapter = False

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for name, tensor in sorted(self.net.state_dict().items()):
            digest.update(name.encode() + tensor.view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def prompt(self, question: Question, style: Style, blind: bool = False) -> Prompt:
        draw = torch.Generator().manual_seed(int(question.images[0].sha256, 16))
        pixels = torch.zeros(1, 4) if blind else torch.rand(1, 4, generator=draw)
        return Prompt(ids=ids_of(f"{question.text}{style}"), pictures={"pixels": pixels})

    def response_ids(self, response: Response) -> tuple[int, ...]:
        return response.token_ids if response.token_ids is not None else (*ids_of(response.text), END)

    def group_logps(self, groups: Sequence[Group]) -> list[list[Tensor]]:
        self.forwards.append(len(groups))
        return [[self.net(g.prompt.pictures["pixels"], g.prompt.ids, r) for r in g.responses] for g in groups]

    def group_tokens(self, group: Group) -> int:
        return len(group.prompt.ids) - 1 + sum(map(len, group.responses))

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        net = self.net
        language = [*net.embed.parameters(), *net.mix.parameters(), *net.head.parameters()]
        return {"tower": [*net.tower.parameters()], "projector": [*net.projector.parameters()], "language": language}

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True)
        save_file(self.net.state_dict(), directory / "weights.safetensors")

    def save_adapter(self, directory: Path) -> None:
        raise NotImplementedError("it has none")


def ids_of(text: str) -> tuple[int, ...]:
    """One token a character, from 2 upwards."""
    return tuple(2 + ord(letter) % (VOCABULARY - 2) for letter in text)


def questions_of(count: int) -> list[Question]:
    gold = Gold(answers=("1",), rule=MatchRule.EXACT)
    return [
        Question(
            id=f"q{n}", benchmark="b", split=Split.TRAIN, text=f"q{n}?", gold=gold, facets={},
            images=(ImageRef(sha256=f"{n:x}", path="unread"),),
        )
        for n in range(count)
    ]  # fmt: skip


def lesson(question: str, text: str, style: Style = Style.REASON) -> Lesson:
    return Lesson(question_id=question, style=style, response=Response(text=text), source="hand")


def pair(question: str, chosen: str, rejected: str) -> Pair:
    sides = Response(text=chosen), Response(text=rejected)
    return Pair(question_id=question, style=Style.REASON, chosen=sides[0], rejected=sides[1], source="hand", margin=1.0)


def pairs_of(questions: int) -> list[Pair]:
    """Two or three pairs a question; the first and the second share their chosen response."""
    rows: list[Pair] = []
    for n in range(questions):
        rows += [pair(f"q{n}", f"good{n}", "bad"), pair(f"q{n}", f"good{n}", f"worse{n}s")]
        if n % 2:
            rows.append(pair(f"q{n}", "fine", "bad"))
    return rows


def store_of(
    model: TinyTrainable, pairs: Sequence[Pair], questions: Sequence[Question], plan: FitPlan
) -> ReferenceStore:
    """What the model says of the pairs now."""
    return ReferenceStore.of(model.fingerprint, reference_rows(model, pairs, questions, plan))


def weights_equal(one: Path, other: Path) -> bool:
    """Whether two saved models are equal to the bit."""
    a, b = load_file(one / "weights.safetensors"), load_file(other / "weights.safetensors")
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def run_long(directory: Path, pause: float) -> None:
    """A preference run of 60 steps; `pause` seconds between them make room for a kill."""
    torch.set_num_threads(1)
    model, questions, pairs = TinyTrainable(), questions_of(8), pairs_of(8)
    plan = FitPlan(learning_rate=1e-2, batch_size=4, epochs=10, save_every=7, row_tokens=60)
    store = store_of(model, pairs, questions, plan)
    for _ in fit_pairs(model, MPO(), pairs, questions, store, plan, directory):
        time.sleep(pause)
