"""Makes the tiny model that ships with seewhy, from nothing."""

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from seewhy.benchmarks import inkgrid
from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import PATCH, PIXELS, Geometry, make_net, make_processor, make_tokenizer
from seewhy.objectives.sft import SFT
from seewhy.recipes.tiny.card import write_card
from seewhy.recipes.tiny.lessons import base_lessons, vocabulary_texts
from seewhy.recipes.tiny.plan import BaseRecipe
from seewhy.records.types import Question, Split, StepLog
from seewhy.runs.events import Advanced, Began, Ended, Event, Noted, Stepped
from seewhy.training.fit import fit_lessons
from seewhy.training.monitor.plan import GuardPlan
from seewhy.training.plan import FitPlan
from seewhy.training.tower import fit_tower, patch_facts, pixels_of

TOWER = "tower.safetensors"
LABEL = "inkgrid-base"
BLOCK = 500
PAGES = "pages"
PARTS = (PAGES, "language", "tower", "fit", "settle", "reckon", "tell")


def make(root: Path, recipe: BaseRecipe) -> Iterator[Event]:
    """The model, its card and its log under `root`; a stopped run goes on after its last whole part."""
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    drills = list(inkgrid.drills(count=recipe.language_drills, seed=recipe.seed))
    pages = yield from _fit_pages(root, recipe)
    questions = [*pages, *drills[: recipe.drills]]
    tokenizer = make_tokenizer(vocabulary_texts(questions))
    net = make_net(tokenizer, recipe.seed, Geometry(width=recipe.width, layers=recipe.layers))
    model = HubModel(net, make_processor(tokenizer), LABEL)
    model = yield from _teach(root / "language", model, drills, recipe.language, recipe.guard)
    yield from _see(root, recipe, model, pages)
    model = yield from _teach(root / "fit", model, questions, recipe.fit, recipe.guard)
    pages = yield from _settle_pages(root, recipe)
    model = yield from _teach(root / "settle", model, pages, recipe.settle, recipe.guard)
    pages = yield from _reckon_pages(root, recipe)
    model = yield from _teach(root / "reckon", model, pages, recipe.reckon, recipe.guard)
    pages = yield from _tell_pages(root, recipe)
    model = yield from _teach(root / "tell", model, pages, recipe.tell, recipe.guard)
    for line in write_card(root, recipe, model):
        yield Noted(ref="card", text=line)


def _teach(
    place: Path, model: HubModel, questions: Sequence[Question], plan: FitPlan, guard: GuardPlan
) -> Generator[Event, None, HubModel]:
    """The model that has learned the questions' lessons, from the files that a later run would find."""
    logs = fit_lessons(model, SFT(), base_lessons(questions), questions, plan, place, guard)
    yield from _steps(place.name, logs)
    return HubModel.load(place / "model", label=LABEL)


def _steps(ref: str, logs: Iterable[StepLog]) -> Iterator[Event]:
    began, taken = time.perf_counter(), 0
    for log in logs:
        total = int(log.terms["steps"])
        if not taken:
            yield Began(ref=ref, step=ref, number=PARTS.index(ref) + 1, of=len(PARTS), total=total, unit="steps",
                        done=log.step)  # fmt: skip
        taken += 1
        yield Stepped(ref=ref, log=log, total=total)
    yield Ended(ref=ref, seconds=time.perf_counter() - began, rows=taken, unit="steps", is_found=not taken)


def _fit_pages(root: Path, recipe: BaseRecipe) -> Generator[Event, None, list[Question]]:
    """Pages to read, and questions to answer in short."""
    sources = (
        inkgrid.transcripts(root, count=recipe.transcripts, seed=recipe.seed, reading_share=0.5),
        inkgrid.load(root, Split.TRAIN, count=recipe.questions, seed=recipe.seed),
    )
    return (yield from _draw(sources, recipe.transcripts + recipe.questions))


def _rehearsal(root: Path, transcripts: int, drills: int, seed: int) -> tuple[Iterator[Question], Iterator[Question]]:
    """Other pages to read, and other single steps, each beside a page."""
    return (
        inkgrid.transcripts(root, count=transcripts, seed=seed, reading_share=0.5),
        inkgrid.beside_pages(root, inkgrid.drills(count=drills, seed=seed), seed=seed),
    )


def _settle_pages(root: Path, recipe: BaseRecipe) -> Generator[Event, None, list[Question]]:
    """More pages, and single steps beside a page: learned without one, they fail where there is one."""
    seed = recipe.seed + 1
    sources = _rehearsal(root, recipe.settle_transcripts, recipe.settle_drills, seed)
    return (yield from _draw(sources, recipe.settle_transcripts + recipe.settle_drills))


def _reckon_pages(root: Path, recipe: BaseRecipe) -> Generator[Event, None, list[Question]]:
    """Digits in the text to work out, as any language model can, beside pages; with what would else be forgotten."""
    seed = recipe.seed + 2
    sources = (
        *_rehearsal(root, recipe.reckon_transcripts, recipe.reckon_drills, seed),
        inkgrid.beside_pages(root, inkgrid.line_drills(count=recipe.reckon_lines, seed=seed), seed=seed + 1),
    )
    return (yield from _draw(sources, recipe.reckon_transcripts + recipe.reckon_drills + recipe.reckon_lines))


def _tell_pages(root: Path, recipe: BaseRecipe) -> Generator[Event, None, list[Question]]:
    """Pages told in words to work out; with what would else be forgotten, the jump to an answer among it."""
    seed = recipe.seed + 3
    sources = (
        *_rehearsal(root, recipe.tell_transcripts, recipe.tell_drills, seed),
        inkgrid.load(root, Split.TRAIN, count=recipe.tell_jumps, seed=seed + 1),
        inkgrid.told(root, count=recipe.told, seed=seed),
    )
    return (yield from _draw(sources, recipe.tell_transcripts + recipe.tell_drills + recipe.tell_jumps + recipe.told))


def _draw(sources: Iterable[Iterator[Question]], total: int) -> Generator[Event, None, list[Question]]:
    drawn: list[Question] = []
    began = time.perf_counter()
    yield Began(ref=PAGES, step=PAGES, number=1, of=len(PARTS), total=total, unit="questions")
    for source in sources:
        # In blocks: a line a page would cost more than the page.
        while block := list(islice(source, BLOCK)):
            drawn += block
            yield Advanced(ref=PAGES, count=len(block))
    yield Ended(ref=PAGES, seconds=time.perf_counter() - began, rows=len(drawn), unit="questions")
    return drawn


def labels_of(questions: Sequence[Question]) -> Tensor:
    """[questions, patches, 3] digit, row and column of the cell that holds each patch."""
    pages = [[[int(digit) for digit in row] for row in question.facets["page"].split("/")] for question in questions]
    return torch.tensor([patch_facts(page, PIXELS, PIXELS // PATCH) for page in pages])


def _see(root: Path, recipe: BaseRecipe, model: HubModel, questions: Sequence[Question]) -> Iterator[Event]:
    """Train the vision tower, or take the one that is already trained."""
    tower = model.net.get_submodule("model.vision_tower")
    kept = root / TOWER
    if not kept.is_file():
        pixels = pixels_of([question.images[0].path for question in questions])
        yield from _steps("tower", fit_tower(model.net, pixels, labels_of(questions), recipe.tower))
        partial = kept.with_suffix(".part")
        save_file(tower.state_dict(), partial)
        partial.replace(kept)
    tower.load_state_dict(load_file(kept))
