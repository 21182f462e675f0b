"""`seewhy run inkgrid-base`: make the tiny model that ships with seewhy, from nothing."""

from collections.abc import Iterable, Sequence
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
from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import PATCH, PIXELS, make_net, make_processor, make_tokenizer
from seewhy.objectives.sft import SFT
from seewhy.recipes.inkgrid_base import BaseRecipe
from seewhy.records.types import Question, Split
from seewhy.training.fit import fit_lessons
from seewhy.training.tower import fit_tower, patch_facts

TOWER = "tower.safetensors"


def run(root: Path, recipe: BaseRecipe, screen: Screen) -> None:
    """The model, its card and its log under `root`; a stopped run goes on after its last whole part."""
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    drills = list(inkgrid.drills(count=recipe.language_drills, seed=recipe.seed))
    sources = (
        inkgrid.transcripts(root, count=recipe.transcripts, seed=recipe.seed, reading_share=0.5),
        inkgrid.load(root, Split.TRAIN, count=recipe.questions, seed=recipe.seed),
    )
    pages = _draw(sources, recipe.transcripts + recipe.questions, screen)
    questions = [*pages, *drills[: recipe.drills]]
    lessons = base_lessons(questions)
    tokenizer = make_tokenizer(vocabulary_texts(questions, lessons))
    net = make_net(tokenizer, recipe.seed, recipe.width, recipe.layers)
    model = HubModel(net, make_processor(tokenizer), "inkgrid-base")
    logs = fit_lessons(model, SFT(), base_lessons(drills), drills, recipe.language, root / "language")
    screen.follow("teach single steps", logs)
    model = HubModel.load(root / "language" / "model", label="inkgrid-base")
    _see(root, recipe, model, pages, screen)
    screen.follow("teach reading and answers", fit_lessons(model, SFT(), lessons, questions, recipe.fit, root / "fit"))
    _settle(root, recipe, HubModel.load(root / "fit" / "model", label="inkgrid-base"), screen)
    _reckon(root, recipe, HubModel.load(root / "settle" / "model", label="inkgrid-base"), screen)
    write_card(root, recipe, HubModel.load(root / "reckon" / "model", label="inkgrid-base"), screen)


def _settle(root: Path, recipe: BaseRecipe, model: HubModel, screen: Screen) -> None:
    """Teach more pages, and the single steps beside a page: learned without one, they fail where there is one."""
    seed = recipe.seed + 1
    sources = (
        inkgrid.transcripts(root, count=recipe.more_transcripts, seed=seed, reading_share=0.5),
        inkgrid.beside_pages(root, inkgrid.drills(count=recipe.more_drills, seed=seed), seed=seed),
    )
    questions = _draw(sources, recipe.more_transcripts + recipe.more_drills, screen)
    logs = fit_lessons(model, SFT(), base_lessons(questions), questions, recipe.settle, root / "settle")
    screen.follow("teach single steps beside a page", logs)


def _reckon(root: Path, recipe: BaseRecipe, model: HubModel, screen: Screen) -> None:
    """Teach to work out what stands in the text, as any language model can, but not what stands on the page."""
    seed = recipe.seed + 2
    sources = (
        inkgrid.transcripts(root, count=recipe.last_transcripts, seed=seed, reading_share=0.5),
        inkgrid.beside_pages(root, inkgrid.drills(count=recipe.last_drills, seed=seed), seed=seed),
        inkgrid.beside_pages(root, inkgrid.line_drills(count=recipe.line_drills, seed=seed), seed=seed + 1),
    )
    total = recipe.last_transcripts + recipe.last_drills + recipe.line_drills
    questions = _draw(sources, total, screen)
    logs = fit_lessons(model, SFT(), base_lessons(questions), questions, recipe.reckon, root / "reckon")
    screen.follow("teach to work out digits in the text", logs)


def _draw(sources: Iterable[Iterable[Question]], total: int, screen: Screen) -> list[Question]:
    drawn: list[Question] = []
    with screen.track("draw pages", total, "questions") as advance:
        for source in sources:
            for question in source:
                drawn.append(question)
                advance(1)
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
