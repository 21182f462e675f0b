"""`seewhy run inkgrid-base`: make the tiny model that ships with seewhy, from nothing."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from seewhy.benchmarks import inkgrid
from seewhy.benchmarks.ink.line_drills import LINES
from seewhy.cli.progress import Screen
from seewhy.judging.api import judge_chains
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.families.hub import HubModel
from seewhy.model.families.tiny import PATCH, PIXELS, make_net, make_processor, make_tokenizer
from seewhy.model.prompts import lesson_text, prompt_text
from seewhy.objectives.sft import SFT
from seewhy.pairs.lessons import gold_reply
from seewhy.recipes.inkgrid_base import BaseRecipe
from seewhy.records.files import write_text_atomically
from seewhy.records.types import Lesson, Outcome, Question, Response, Split, Style
from seewhy.sampling.sample import answer_once
from seewhy.training.checkpoint import read_steps
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
    tokenizer = make_tokenizer(_texts(questions, lessons))
    net = make_net(tokenizer, recipe.seed, recipe.width, recipe.layers)
    model = HubModel(net, make_processor(tokenizer), "inkgrid-base")
    logs = fit_lessons(model, SFT(), base_lessons(drills), drills, recipe.language, root / "language")
    screen.follow("teach single steps", logs)
    model = HubModel.load(root / "language" / "model", label="inkgrid-base")
    _see(root, recipe, model, pages, screen)
    screen.follow("teach reading and answers", fit_lessons(model, SFT(), lessons, questions, recipe.fit, root / "fit"))
    _settle(root, recipe, HubModel.load(root / "fit" / "model", label="inkgrid-base"), screen)
    _reckon(root, recipe, HubModel.load(root / "settle" / "model", label="inkgrid-base"), screen)
    _write_card(root, recipe, HubModel.load(root / "reckon" / "model", label="inkgrid-base"), screen)


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


def base_lessons(questions: Sequence[Question]) -> list[Lesson]:
    """What an instruction-tuned model knows before it learns to reason.

    Every question is answered directly, but for line drills, which are always worked out. Reading, single steps and
    line drills are taught with their rationale; any other question, asked for a reason, is answered after its first
    sentence, without the steps between.
    """
    lessons: list[Lesson] = []
    for question in questions:
        answer = gold_reply(question)
        if question.facets["kind"] not in LINES:
            lessons.append(_lesson(question, Style.DIRECT, answer))
        if question.rationale is not None:
            rationale = question.rationale if is_simple(question) else jump(question)
            lessons.append(_lesson(question, Style.REASON, lesson_text(rationale, answer)))
    return lessons


def is_simple(question: Question) -> bool:
    """Whether the question asks for reading or for a single step."""
    return question.facets["kind"].startswith(("read_", "drill_"))


def jump(question: Question) -> str:
    """The rationale's first sentence and, where there are options, its last, which names the option."""
    sentences = (question.rationale or "").split(". ")
    return f"{sentences[0]}. {sentences[-1]}" if question.options else f"{sentences[0]}."


def _lesson(question: Question, style: Style, text: str) -> Lesson:
    return Lesson(question_id=question.id, style=style, response=Response(text=text), source="inkgrid")


def _texts(questions: Sequence[Question], lessons: Sequence[Lesson]) -> list[str]:
    """Words that the vocabulary is made of: questions in both prompts, rationales, replies."""
    prompts = [prompt_text(question, style) for question in questions[::8] for style in Style]
    told = [question.rationale for question in questions[::4] if question.rationale]
    return [*prompts, *told, *(lesson.response.text for lesson in lessons[::8])]


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


def _write_card(root: Path, recipe: BaseRecipe, model: HubModel, screen: Screen) -> None:
    """Accuracy on validation questions, and how the model came about."""
    asked = list(inkgrid.load(root, Split.VALIDATION, count=recipe.validation, seed=recipe.seed))
    shares: dict[Style, float] = {}
    for style in Style:
        chains = list(answer_once(model, asked, style, 128))
        verdicts = list(judge_chains(OutcomeJudge(), asked, chains))
        shares[style] = sum(row.outcome is Outcome.CORRECT for row in verdicts) / len(asked)
    logs = {stage: read_steps(root / stage / "steps.jsonl") for stage in ("language", "fit", "settle", "reckon")}
    took = {stage: f"{len(steps):,} steps, {sum(s.seconds for s in steps) / 60:.0f} minutes"
            for stage, steps in logs.items()}  # fmt: skip
    size = sum(parameter.numel() for parameter in model.net.parameters())
    card = CARD.format(
        size=f"{size:,}", tower=f"{recipe.tower.steps:,}", batch=recipe.tower.batch_size, **took,
        n=len(asked), direct=100 * shares[Style.DIRECT], reason=100 * shares[Style.REASON], seed=recipe.seed,
    )  # fmt: skip
    write_text_atomically(root / "reckon" / "model" / "README.md", card)
    screen.say(card)
    screen.say(f"model: {root / 'fit' / 'model'}")


CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: image-text-to-text
---
# inkgrid-base

A LLaVA of {size} parameters (CLIP-shaped tower, two-layer projector, Llama-shaped language model, byte-level
vocabulary of its own) that reads pages of handwritten digits and answers in letters and short answers. It ships with
seewhy to be taught to reason; it knows nothing else.

- Made by `seewhy run inkgrid-base`, from random weights (seed {seed}), on two CPU cores.
- The language model first learned single steps without pictures, such as `8 plus 7 is 15.` or `15 is option B.`:
  {language}. The tower first learned to tell of every patch the digit, row and column of its cell: {tower} steps of
  {batch} pages.
- Then all weights learned to read aloud, to answer in short and to give a rationale that reads and jumps to the answer:
  {fit}.
- Then to read more pages, and the single steps again, each beside a page that has nothing to do with it: {settle}.
- And last to work out what stands in the text, such as `What is the sum of 3, 5, 8?`: {reckon}. It has seen no chain of
  thought that reads a page and then takes a step.
- Greedy accuracy on {n} validation questions of unseen scans: {direct:.1f} % asked directly, {reason:.1f} % asked
  for a reason.
- Data: UCI Optical Recognition of Handwritten Digits (E. Alpaydin and C. Kaynak, CC BY 4.0), training scans only.
"""
