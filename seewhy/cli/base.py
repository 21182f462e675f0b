"""`seewhy run inkgrid-base`: make the tiny model that ships with seewhy, from nothing."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from seewhy.benchmarks import inkgrid
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
VOCABULARY_FROM = 20_000


def run(root: Path, recipe: BaseRecipe, screen: Screen) -> None:
    """The model, its card and its log under `root`; a stopped run goes on after its last whole part."""
    root = root.resolve()
    root.mkdir(parents=True, exist_ok=True)
    questions = _draw(root, recipe, screen)
    lessons = base_lessons(questions)
    tokenizer = make_tokenizer(_texts(questions, lessons)[:VOCABULARY_FROM])
    net = make_net(tokenizer, recipe.seed, recipe.width, recipe.layers)
    model = HubModel(net, make_processor(tokenizer), "inkgrid-base")
    _see(root, recipe, model, questions, screen)
    screen.follow("teach reading and answers", fit_lessons(model, SFT(), lessons, questions, recipe.fit, root / "fit"))
    _write_card(root, recipe, HubModel.load(root / "fit" / "model", label="inkgrid-base"), screen)


def _draw(root: Path, recipe: BaseRecipe, screen: Screen) -> list[Question]:
    sources = (
        inkgrid.transcripts(root, count=recipe.transcripts, seed=recipe.seed, reading_share=0.5),
        inkgrid.drills(count=recipe.drills, seed=recipe.seed),
        inkgrid.load(root, Split.TRAIN, count=recipe.questions, seed=recipe.seed),
    )
    drawn: list[Question] = []
    total = recipe.transcripts + recipe.drills + recipe.questions
    with screen.track("draw pages", total, "questions") as advance:
        for source in sources:
            for question in source:
                drawn.append(question)
                advance(1)
    return drawn


def base_lessons(questions: Sequence[Question]) -> list[Lesson]:
    """What an instruction-tuned model knows before it learns to reason.

    Every question is answered directly. Reading and single steps are taught with their short rationale; any other
    question, asked for a reason, is answered after its first sentence, without the steps between.
    """
    lessons: list[Lesson] = []
    for question in questions:
        answer = gold_reply(question)
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


def _texts(questions: Sequence[Question], lessons: Iterable[Lesson]) -> list[str]:
    """Words that the vocabulary is made of: questions in both prompts, rationales, replies."""
    prompts = [prompt_text(question, style) for question in questions[::8] for style in Style]
    return [*prompts, *(q.rationale for q in questions[::4] if q.rationale), *(row.response.text for row in lessons)]


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
        pictured = [question for question in questions if question.images]
        logs = fit_tower(model.net, pixels_of(pictured), labels_of(pictured), recipe.tower)
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
    steps = read_steps(root / "fit" / "steps.jsonl")
    size = sum(parameter.numel() for parameter in model.net.parameters())
    card = CARD.format(
        size=f"{size:,}", tower=recipe.tower.steps, batch=recipe.tower.batch_size, steps=len(steps),
        rows=f"{int(sum(step.terms['rows'] for step in steps)):,}", minutes=sum(s.seconds for s in steps) / 60,
        n=len(asked), direct=100 * shares[Style.DIRECT], reason=100 * shares[Style.REASON], seed=recipe.seed,
    )  # fmt: skip
    write_text_atomically(root / "fit" / "model" / "README.md", card)
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

- Made by `seewhy run inkgrid-base`, from random weights (seed {seed}).
- The tower first learned to tell of every patch the digit, row and column of its cell: {tower} steps of {batch}
  pages. Then all weights learned from {rows} lessons in {steps} steps, {minutes:.0f} minutes on two CPU cores:
  reading aloud, short answers, and
  rationales that read and then jump to the answer; and, without pictures, single steps (8 plus 7 is 15). It has seen
  no chain of thought that reads and then takes a step.
- Greedy accuracy on {n} validation questions of unseen scans: {direct:.1f} % asked directly, {reason:.1f} % asked for
  a reason.
- Data: UCI Optical Recognition of Handwritten Digits (E. Alpaydin and C. Kaynak, CC BY 4.0), training scans only.
"""
