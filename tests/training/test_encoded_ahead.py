"""A thread encodes pictures of the next step: the same numbers to the bit, errors in their step, no thread left."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_hub import PLAN, asked_in, opened
from tiny_trainable import lesson

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.prompt_cache import Key, PromptCache
from seewhy.model.packed.group import Prompt
from seewhy.model.plan import AdapterPlan
from seewhy.objectives.sft import SFT
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Lesson, Question
from seewhy.training.ahead import THREAD, encoding_ahead
from seewhy.training.examples import lesson_example, questions_by_id
from seewhy.training.fit import fit_lessons
from seewhy.training.monitor.plan import UNGUARDED
from seewhy.training.moving import moving
from seewhy.training.order import StepOrder
from seewhy.training.parallel.ranks import ALONE
from seewhy.training.rows import Mixture
from seewhy.training.scoring import LessonScoring
from seewhy.training.step import Run, take_step
from seewhy.training.table import tabulate

FIT = replace(PLAN, batch_size=1, epochs=1, save_every=99)
ASKED = 4


class Watched:
    """A cache that keeps one prompt alone, and knows which thread asked for each."""

    def __init__(self) -> None:
        self.cache = PromptCache(1)
        self.threads: list[str] = []

    @property
    def max_bytes(self) -> int:
        return self.cache.max_bytes

    def get(self, key: Key, encode: Callable[[], Prompt]) -> Prompt:
        self.threads.append(threading.current_thread().name.partition("_")[0])
        return self.cache.get(key, encode)


def rows_of(questions: list[Question]) -> list[Lesson]:
    return [lesson(question.id, f"It is {number}") for number, question in enumerate(questions)]


def left() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(THREAD)]


def watched(folder: Path) -> tuple[HubModel, Watched]:
    model = opened(folder, AdapterPlan(rank=0))
    model.prompts = cache = Watched()
    return model, cache


def by_hand(folder: Path, *, is_ahead: bool) -> tuple[list[float], list[torch.Tensor], list[str]]:
    """Losses, weights and who encoded, of two epochs in steps of two rows."""
    (model, cache), questions = watched(folder), asked_in(folder, ASKED)
    plan = replace(FIT, batch_size=2, epochs=2)
    table = tabulate(Mixture.of(rows_of(questions)), lambda row: lesson_example(model, row, 0), lambda _: None)
    run = Run(
        model=model, scoring=LessonScoring(objective=SFT()), examples=table, questions=questions_by_id(questions),
        plan=plan, guard=UNGUARDED, directory=folder, steps=StepOrder(units=table.units, plan=plan), extra={},
    )  # fmt: skip
    state, losses = run.scoring.initial(), list[float]()
    ahead_of = encoding_ahead(model, run.questions, run.examples, run.steps, ALONE)
    with moving(run) as (optimizer, engine), ahead_of as ahead:
        for step in range(len(run.steps)):
            log, state = take_step(run, optimizer, step, state, engine, ahead if is_ahead else None)
            losses.append(log.loss)
    return losses, [parameter.detach().clone() for parameter in model.net.parameters()], cache.threads


def test_numbers_are_the_same_to_the_bit_whoever_encodes_and_all_steps_but_the_first_are_encoded_ahead(
    tmp_path: Path,
) -> None:
    losses, weights, threads = by_hand(tmp_path, is_ahead=True)
    alone, others, main = by_hand(tmp_path, is_ahead=False)
    assert losses == alone
    assert all(map(torch.equal, weights, others))
    assert len(losses) == 4
    assert threads.count(THREAD) == 6
    assert THREAD not in main
    assert len(main) == 8
    assert left() == []


def test_a_picture_that_cannot_be_read_stops_in_its_own_step_with_its_question_and_leaves_no_thread(
    tmp_path: Path,
) -> None:
    model, _ = watched(tmp_path)
    questions = asked_in(tmp_path, ASKED)
    steps = fit_lessons(model, SFT(), rows_of(questions), questions, FIT, tmp_path / "run")
    next(steps)
    broken = {question.images[0].path for question in questions}
    for path in broken:
        Path(path).write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"question \S+: picture .*png cannot be read"):
        list(steps)
    # The second step's picture may have been read before it broke.
    assert len(read_steps(tmp_path / "run" / "steps.jsonl")) in (1, 2)
    assert left() == []


def test_a_training_that_is_left_early_leaves_no_thread(tmp_path: Path) -> None:
    model, _ = watched(tmp_path)
    questions = asked_in(tmp_path, ASKED)
    steps = fit_lessons(model, SFT(), rows_of(questions), questions, FIT, tmp_path / "run")
    next(steps)
    assert len(left()) == 1
    steps.close()
    assert left() == []


def test_text_alone_is_left_to_the_step(tmp_path: Path) -> None:
    model, cache = watched(tmp_path)
    questions = [replace(question, images=()) for question in asked_in(tmp_path, ASKED)]
    assert len(list(fit_lessons(model, SFT(), rows_of(questions), questions, FIT, tmp_path / "run"))) == ASKED
    assert THREAD not in cache.threads
