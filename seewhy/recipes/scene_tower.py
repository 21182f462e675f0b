"""The net of the recipe `scenes`, and what its vision tower is taught."""

from collections.abc import Iterator, Sequence
from itertools import chain

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from seewhy.benchmarks.scene.things import COLOURS, NOUNS, ROWS, Thing, read_back
from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import Geometry, make_net, make_processor, make_tokenizer
from seewhy.model.prompts import lesson_text, prompt_text
from seewhy.pairs.lessons import gold_reply
from seewhy.recipes.untrained import Untrained
from seewhy.records.types import Question, StepLog, Style
from seewhy.training.tower import fit_tower, pixels_of

PIXELS = 96
NOTHING, SPACE = "<image>", "\u0120"
"""The token that stands for a patch that holds no thing's middle, and how the tokenizer writes a space."""
FACTS = {"noun": len(NOUNS) + 1, "colour": len(COLOURS) + 1}
"""What is predicted of a patch: noun and colour of the thing whose middle it holds; 0 is none."""


def untrained(step: Untrained, questions: Sequence[Question]) -> HubModel:
    """The net with random weights, and its processor, whose vocabulary is made of the questions."""
    texts = [text for question in questions[:: max(1, len(questions) // 4000)] for text in _texts(question)]
    # As often as there are texts, so that each is a token of its own.
    named = [f" {word}" for word in (*NOUNS, *COLOURS)] * len(texts)
    tokenizer = make_tokenizer([*texts, *named], step.words)
    geometry = Geometry(pixels=PIXELS, patch=PIXELS // ROWS, tower_width=step.tower_width,
                        tower_layers=step.tower_layers, width=step.width, layers=step.layers)  # fmt: skip
    return HubModel(make_net(tokenizer, step.seed, geometry), make_processor(tokenizer, geometry), "untrained")


def size_of(model: HubModel) -> str:
    """Its parameters, in words."""
    total, tower = (sum(one.numel() for one in part.parameters())
                    for part in (model.net, model.net.get_submodule("model.vision_tower")))  # fmt: skip
    return f"{total:,} parameters, {tower:,} of them the vision tower's"


def _texts(question: Question) -> Iterator[str]:
    answer = gold_reply(question)
    yield prompt_text(question, Style.REASON)
    yield prompt_text(question, Style.DIRECT)
    yield lesson_text(question.rationale, answer) if question.rationale else answer


def taught(step: Untrained, model: HubModel, questions: Sequence[Question]) -> Iterator[StepLog]:
    """Trains the tower in place on the questions' pictures and these mirrored; a log a step."""
    shown = pictures_of(questions, step.pictures)
    pixels = pixels_of(list(shown))
    labels = torch.stack([labels_of(things) for things in shown.values()])
    mirrored = labels.unflatten(1, (ROWS, ROWS)).flip(2).flatten(1, 2)
    head = InWords(model.net, word_ids(model.processor.tokenizer))
    yield from fit_tower(
        model.net, torch.cat([pixels, pixels.flip(3)]), torch.cat([labels, mirrored]), step.tower, FACTS, head
    )


def word_ids(tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """The token of each value of each fact, in the order of FACTS."""
    vocabulary = tokenizer.get_vocab()
    return [vocabulary[one] for known in (NOUNS, COLOURS) for one in (NOTHING, *(SPACE + word for word in known))]


class InWords(nn.Module):
    """Logits of words, by how near a projected patch is to their embeddings in the language model.

    So the projector is trained with the tower, and the language model is shown something like its own words for what a
    patch holds; its embeddings stay as they are.
    """

    def __init__(self, net: PreTrainedModel, ids: Sequence[int]) -> None:
        """`ids` of the words, in the order of the facts' values."""
        super().__init__()
        self.projector: nn.Module = net.get_submodule("model.multi_modal_projector")
        self.words = (
            net.get_submodule("model.language_model.embed_tokens").get_parameter("weight").detach()[list(ids)].clone()
        )
        self.scale = nn.Parameter(torch.tensor(5.0))

    def forward(self, features: Tensor) -> Tensor:
        """[pictures, patches, words] of features [pictures, patches, width]."""
        return self.scale * self.projector(features) @ self.words.T


def pictures_of(questions: Sequence[Question], most: int) -> dict[str, tuple[Thing, ...]]:
    """The first so many pictures by their path, each once, with the things that they show."""
    found: dict[str, tuple[Thing, ...]] = {}
    for image, things in chain.from_iterable(
        zip(question.images, read_back(question.facets["page"]), strict=True) for question in questions
    ):
        if len(found) == most:
            break
        found[image.path] = things
    return found


def labels_of(things: Sequence[Thing]) -> Tensor:
    """[patches, 2] noun and colour of the thing whose middle each patch holds, row by row; 0 where it holds none."""
    labels = torch.zeros(ROWS, ROWS, len(FACTS), dtype=torch.long)
    for thing in things:
        across = min(ROWS - 1, int(thing.x * ROWS))
        labels[thing.row - 1, across] = torch.tensor([NOUNS.index(thing.noun) + 1, COLOURS.index(thing.colour) + 1])
    return labels.flatten(0, 1)
