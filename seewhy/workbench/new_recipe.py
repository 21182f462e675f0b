"""A recipe from a few answers: questions, who writes chains of thought, how a model learns, and its test."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from seewhy.benchmarks.release.reading import Benchmark, read_questions
from seewhy.model.weights import TINY
from seewhy.records.types import Question, Split
from seewhy.runs.discovery import find_module
from seewhy.runs.graph import check
from seewhy.runs.machine import is_served, spec_fields
from seewhy.runs.open import require_steps
from seewhy.runs.recipe import Recipe
from seewhy.runs.recipe_text import Plain, build_recipe
from seewhy.runs.yaml_text import dump_yaml
from seewhy.workbench.answers import ADAPTER, INKGRID, NONE, RANK, Answers, complete, questions_place

DRAWN = {Split.TRAIN: 256, Split.TEST: 128}
"""Questions of inkgrid, which draws as many as are wanted: those of the recipe `quick`."""
MOST = {Split.TRAIN: 20_000, Split.TEST: 2_500}
"""Questions at most that are taken of files; the numbers are in the recipe, to be changed."""
RATES: Mapping[str, tuple[float, float, float]] = {
    "sft": (2e-3, 5e-6, 1e-4), "dpo": (3e-5, 5e-7, 1e-5), "mpo": (3e-5, 5e-6, 1e-5), "grpo": (1e-4, 1e-6, 1e-5),
}  # fmt: skip
"""Peak learning rates: of the shipped model (inkgrid's, set on its validation split), of full weights (LLaVA-Reasoner,
arXiv 2410.16198, for SFT and DPO; MPO, arXiv 2411.10442, section 5; GRPO, arXiv 2402.03300, section 4.2), and of an
adapter (LLaVA-1.5's half, and mDPO, arXiv 2406.11839)."""
HEAD = """# Written by `seewhy init`: {model}, {method} ({weights}), questions {questions}, teacher {teacher}.
# Look at it:  seewhy recipe check {name}    What it takes:  seewhy plan {name}
# Run it:      seewhy run {name} --run runs/{stem}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at the questions found."""

    benchmark: str
    source: str
    counts: Mapping[Split, int]
    has_rationales: bool


def look_at(questions: str) -> Found:
    """How many questions each split has, and whether the first training questions have rationales.

    Raises:
        ValueError: rows are not as they must be, or there is no training question.
    """
    benchmark, source = questions_place(questions)
    if benchmark == INKGRID:
        return Found(benchmark=benchmark, source="", counts=DRAWN, has_rationales=True)
    module, place = cast(Benchmark, find_module("benchmarks", benchmark)), Path(source).expanduser().resolve()
    sizes = module.sizes(place)
    if not sizes.get(Split.TRAIN):
        there = ", ".join(f"{count:,} {split.value}" for split, count in sizes.items() if count) or "none at all"
        raise ValueError(f"`questions`: {source} has no training questions (it has {there}): name the split of each "
                         "row as train or test, see docs/your-questions.md")  # fmt: skip
    with TemporaryDirectory(prefix="seewhy-") as scratch:
        train: list[Question] = read_questions(module, place, Split.TRAIN, min(sizes[Split.TRAIN], 64), Path(scratch))
    return Found(benchmark=benchmark, source=str(place), counts=sizes, has_rationales=all(q.rationale for q in train))


def new_recipe(name: str, answers: Answers) -> tuple[Plain, Recipe, Answers]:
    """The recipe as plain values and built, and the answers with all that follows from them.

    Raises:
        ValueError: an answer does not fit, or the questions cannot be read.
    """
    found = look_at(answers.questions)
    whole = complete(answers, found.has_rationales)
    steps: dict[str, object] = {"questions": _questions(found)}
    models: dict[str, object] = {"base": {"path": whole.model}}
    start = "base"
    if whole.teacher != NONE:
        steps |= _taught(whole, models)
        start = "sft"
    if whole.method == "grpo":
        steps["grpo"] = _online(whole, start)
    elif whole.method != "sft":
        steps |= _preferred(whole, start)
    elif whole.teacher == NONE:
        steps |= _own_right_chains(whole)
    steps |= _measured(whole, steps)
    plain: Plain = {"name": name, "seed": 0, "models": models, "steps": steps}
    recipe, _ = build_recipe(plain, name)
    check(recipe)
    require_steps(recipe)
    return plain, recipe, whole


def text_of(plain: Plain, answers: Answers, path: Path) -> str:
    """The file, with what it does and how it is run at its head."""
    return HEAD.format(
        model=answers.model, method=answers.method, questions=answers.questions, teacher=answers.teacher,
        weights=answers.weights, name=path, stem=path.stem,
    ) + dump_yaml(plain)  # fmt: skip


def _questions(found: Found) -> Plain:
    counts = {
        split: found.counts.get(split, 0) if found.benchmark == INKGRID else min(most, found.counts.get(split, 0))
        for split, most in MOST.items()
    }
    plain: Plain = {"stage": "questions", "benchmark": found.benchmark}
    if found.source:
        plain["source"] = found.source
    # A set without test questions is measured on its validation questions.
    tested = counts[Split.TEST]
    validated = 0 if tested else min(MOST[Split.TEST], found.counts.get(Split.VALIDATION, 0))
    return {**plain, "train": counts[Split.TRAIN], "validation": validated, "test": tested, "shifted": 0}


def _fit(answers: Answers, method: str, **more: object) -> dict[str, object]:
    tiny, full, adapter = RATES[method]
    is_tiny = answers.model == TINY
    rate = tiny if is_tiny else adapter if answers.weights == ADAPTER else full
    return {"learning_rate": rate, "epochs": 1, "batch_size": 32, **more}


def _train(answers: Answers, method: str, start: str, data: str) -> Plain:
    plain: Plain = {"stage": "train", "start": start, "data": {data: 1.0}, "objective": {"kind": method},
                    "fit": _fit(answers, method)}  # fmt: skip
    return {**plain, **_adapter(answers)}


def _adapter(answers: Answers) -> dict[str, object]:
    return {"adapter": {"rank": RANK}} if answers.weights == ADAPTER else {}


def _taught(answers: Answers, models: dict[str, object]) -> Plain:
    rationales: Plain = {"stage": "distil", "questions": "questions.train"}
    if is_served(answers.teacher):
        spec = spec_fields(answers.teacher)
        key = {"key_variable": "OPENAI_API_KEY"} if spec["base_url"].startswith("https://api.openai.com") else {}
        models["teacher"] = {**spec, **key}
        rationales |= {"teacher": {"kind": "endpoint"}, "model": "teacher"}
    else:
        rationales |= {"teacher": {"kind": answers.teacher}}
    return {
        "rationales": rationales,
        "lessons": {"stage": "imitate", "chains": "rationales", "verdicts": "rationales.verdicts"},
        "sft": _train(answers, "sft", "base", "lessons"),
    }


def _chains(answers: Answers, start: str) -> Plain:
    is_tiny = answers.model == TINY
    return {
        "chains": {
            "stage": "sample", "model": start, "questions": "questions.train", "per_question": 8,
            "max_tokens": 96 if is_tiny else 512,
        },
        "verdicts": {"stage": "judge", "chains": "chains", "judge": {"kind": "outcome"}},
    }  # fmt: skip


def _preferred(answers: Answers, start: str) -> Plain:
    rule = {"kind": "by_outcome", "lowest": 0.0, "highest": 1.0, "most": 3}
    return {
        **_chains(answers, start),
        "pairs": {"stage": "pair", "chains": "chains", "verdicts": "verdicts", "rule": rule},
        answers.method: _train(answers, answers.method, start, "pairs"),
    }


def _own_right_chains(answers: Answers) -> Plain:
    """Rejection sampling: the model's own right chains are what it imitates."""
    return {
        **_chains(answers, "base"),
        "lessons": {"stage": "imitate", "chains": "chains", "verdicts": "verdicts", "most": 4, "own": True},
        "sft": _train(answers, "sft", "base", "lessons"),
    }


def _online(answers: Answers, start: str) -> Plain:
    is_tiny = answers.model == TINY
    rollouts = {
        "rounds": 4 if is_tiny else 100,
        "questions": 16,
        "per_question": 8,
        "max_tokens": 96 if is_tiny else 512,
    }
    plain: Plain = {"stage": "online", "start": start, "questions": "questions.train", "reward": {"kind": "outcome"},
                    "objective": {"kind": "grpo"}, "rollouts": rollouts,
                    "fit": _fit(answers, "grpo", batch_size=128)}  # fmt: skip
    return {**plain, **_adapter(answers)}


def _measured(answers: Answers, steps: Mapping[str, object]) -> Plain:
    """The base and every trained model on the test questions, and the report."""
    drawn = cast(Plain, steps["questions"])
    split = next((name for name in ("test", "validation") if drawn[name]), "")
    models = ["base", *(name for name in ("sft", "dpo", "mpo", "grpo") if name in steps)]
    test: Plain = {"stage": "evaluate", "models": models, "questions": f"questions.{split}", "split": split,
                   "max_tokens": 96 if answers.model == TINY else 512}  # fmt: skip
    return {**({"test": test} if split else {}), "report": {"stage": "report"}}
