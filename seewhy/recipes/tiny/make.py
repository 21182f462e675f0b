"""`seewhy run inkgrid-base`: make the tiny model that ships with seewhy, from nothing."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from seewhy.benchmarks import inkgrid
from seewhy.cli.base_card import write_card
from seewhy.cli.base_lessons import base_lessons, vocabulary_texts
from seewhy.cli.progress import Screen
from seewhy.cli.training import with_alarms
from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import PATCH, PIXELS, make_net, make_processor, make_tokenizer
from seewhy.objectives.sft import SFT
from seewhy.recipes.inkgrid_base import BaseRecipe
from seewhy.records.types import Question, Split
from seewhy.training.fit import fit_lessons
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.plan import FitPlan
from seewhy.training.tower import fit_tower, patch_facts

TOWER = "tower.safetensors"
LABEL = "inkgrid-base"
BLOCK = 500


def run(root: Path, recipe: BaseRecipe, screen: Screen) -> None:
    """The model, its card and its log under `root`; a stopped run goes on after its last whole part."""
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    drills = list(inkgrid.drills(count=recipe.language_drills, seed=recipe.seed))
    pages = _fit_pages(root, recipe, screen)
    questions = [*pages, *drills[: recipe.drills]]
    tokenizer = make_tokenizer(vocabulary_texts(questions))
    net = make_net(tokenizer, recipe.seed, recipe.width, recipe.layers)
    model = HubModel(net, make_processor(tokenizer), LABEL)
    model = _teach(root / "language", "teach single steps", model, drills, recipe.language, recipe.guard, screen)
    _see(root, recipe, model, pages, screen)
    model = _teach(root / "fit", "teach reading and answers", model, questions, recipe.fit, recipe.guard, screen)
    pages = _settle_pages(root, recipe, screen)
    model = _teach(
        root / "settle", "teach single steps beside a page", model, pages, recipe.settle, recipe.guard, screen
    )
    pages = _reckon_pages(root, recipe, screen)
    model = _teach(
        root / "reckon", "teach to work out digits in the text", model, pages, recipe.reckon, recipe.guard, screen
    )
    pages = _tell_pages(root, recipe, screen)
    model = _teach(
        root / "tell", "teach to work out pages told in words", model, pages, recipe.tell, recipe.guard, screen
    )
    write_card(root, recipe, model, screen)


def _teach(
    place: Path, what: str, model: HubModel, questions: Sequence[Question], plan: FitPlan, guard: GuardPlan,
    screen: Screen,
) -> HubModel:  # fmt: skip
    """The model that has learned the questions' lessons, from the files that a later run would find."""
    logs = fit_lessons(model, SFT(), base_lessons(questions), questions, plan, place, guard)
    screen.follow(what, with_alarms(screen, place, logs))
    return HubModel.load(place / "model", label=LABEL)


def _fit_pages(root: Path, recipe: BaseRecipe, screen: Screen) -> list[Question]:
    """Pages to read, and questions to answer in short."""
    sources = (
        inkgrid.transcripts(root, count=recipe.transcripts, seed=recipe.seed, reading_share=0.5),
        inkgrid.load(root, Split.TRAIN, count=recipe.questions, seed=recipe.seed),
    )
    return _draw(sources, recipe.transcripts + recipe.questions, screen)


def _rehearsal(root: Path, transcripts: int, drills: int, seed: int) -> tuple[Iterator[Question], Iterator[Question]]:
    """Other pages to read, and other single steps, each beside a page."""
    return (
        inkgrid.transcripts(root, count=transcripts, seed=seed, reading_share=0.5),
        inkgrid.beside_pages(root, inkgrid.drills(count=drills, seed=seed), seed=seed),
    )


def _settle_pages(root: Path, recipe: BaseRecipe, screen: Screen) -> list[Question]:
    """More pages, and single steps beside a page: learned without one, they fail where there is one."""
    seed = recipe.seed + 1
    sources = _rehearsal(root, recipe.settle_transcripts, recipe.settle_drills, seed)
    return _draw(sources, recipe.settle_transcripts + recipe.settle_drills, screen)


def _reckon_pages(root: Path, recipe: BaseRecipe, screen: Screen) -> list[Question]:
    """Digits in the text to work out, as any language model can, beside pages; with what would else be forgotten."""
    seed = recipe.seed + 2
    sources = (
        *_rehearsal(root, recipe.reckon_transcripts, recipe.reckon_drills, seed),
        inkgrid.beside_pages(root, inkgrid.line_drills(count=recipe.reckon_lines, seed=seed), seed=seed + 1),
    )
    return _draw(sources, recipe.reckon_transcripts + recipe.reckon_drills + recipe.reckon_lines, screen)


def _tell_pages(root: Path, recipe: BaseRecipe, screen: Screen) -> list[Question]:
    """Pages told in words to work out; with what would else be forgotten, the jump to an answer among it."""
    seed = recipe.seed + 3
    sources = (
        *_rehearsal(root, recipe.tell_transcripts, recipe.tell_drills, seed),
        inkgrid.load(root, Split.TRAIN, count=recipe.tell_jumps, seed=seed + 1),
        inkgrid.told(root, count=recipe.told, seed=seed),
    )
    return _draw(sources, recipe.tell_transcripts + recipe.tell_drills + recipe.tell_jumps + recipe.told, screen)


def _draw(sources: Iterable[Iterator[Question]], total: int, screen: Screen) -> list[Question]:
    drawn: list[Question] = []
    with screen.track("draw pages", total, "questions") as advance:
        for source in sources:
            # In blocks: what is reported a page at a time looks as if it had been there.
            while block := list(islice(source, BLOCK)):
                drawn += block
                advance(len(block))
    return drawn


def pixels_of(questions: Sequence[Question]) -> Tensor:
    """[questions, 3, side, side] pictures as the processor makes them: from -1 to 1; each question has one."""
    pages = [np.asarray(Image.open(question.images[0].path), dtype=np.float32) for question in questions]
    return torch.from_numpy(np.stack(pages)).permute(0, 3, 1, 2) / 127.5 - 1


def labels_of(questions: Sequence[Question]) -> Tensor:
    """[questions, patches, 3] digit, row and column of the cell in which each patch lies."""
    pages = [[[int(digit) for digit in row] for row in question.facets["page"].split("/")] for question in questions]
    return torch.tensor([patch_facts(page, PIXELS, PIXELS // PATCH) for page in pages])


def _see(root: Path, recipe: BaseRecipe, model: HubModel, questions: Sequence[Question], screen: Screen) -> None:
    """Train the tower, or take the one that is already trained."""
    tower = model.net.get_submodule("model.vision_tower")
    kept = root / TOWER
    if not kept.is_file():
        logs = fit_tower(model.net, pixels_of(questions), labels_of(questions), recipe.tower)
        screen.follow("teach the tower to see", logs)
        partial = kept.with_suffix(".part")
        save_file(tower.state_dict(), partial)
        partial.replace(kept)
    tower.load_state_dict(load_file(kept))
