"""What a run of the recipe `scenes` came to: `python bench/scenes.py RUN`.

Prints accuracies by set and by whether a question takes a step, with 95 % Wilson intervals, beside them those of the
answer that is most frequent in training for each kind of question, which takes no picture; how often the tower tells
noun and colour of a thing from its patch, on pictures of training and of test; and the losses of the trainings in
tenths.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from seewhy.evaluation.intervals import wilson_interval
from seewhy.model.families.hub import HubModel
from seewhy.recipes.scene_tower import FACTS, InWords, labels_of, pictures_of, word_ids
from seewhy.records.shards import read_rows
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Outcome, Question, Verdict
from seewhy.runs.open import open_run
from seewhy.runs.run import OpenRun
from seewhy.training.tower import pixels_of, tower_features

TRAINED = ("untrained", "base", "sft-direct", "sft", "dpo")
PICTURES = 300
"""Pictures of each set that the tower is shown."""
TENTHS = 10


def accuracies(run: OpenRun, train: Sequence[Question], test: Sequence[Question]) -> Iterator[str]:
    """A line for each model, prompt and group of questions."""
    answers = defaultdict[str, Counter[str]](Counter)
    for one in train:
        answers[one.facets["kind"]][one.gold.answers[0]] += 1
    usual = {kind: counts.most_common(1)[0][0] for kind, counts in answers.items()}
    yield from _shares("usual answer", [(one, one.gold.answers[0] == usual[one.facets["kind"]]) for one in test])
    known = {one.id: one for one in test}
    for ref in (one for one in run.nodes if one.startswith("test.") and one.endswith("/verdicts")):
        yield from _shares(ref, [(known[verdict.question_id], verdict.outcome is Outcome.CORRECT)
                                 for verdict in read_rows(run.place(ref), Verdict)])  # fmt: skip


def _shares(name: str, right: Sequence[tuple[Question, bool]]) -> Iterator[str]:
    groups = defaultdict[str, list[bool]](list)
    for question, is_right in right:
        facets = question.facets
        for group in ("all", facets["takes"], f"{facets['set']}, {facets['takes']}", facets["kind"]):
            groups[group].append(is_right)
    for group, found in sorted(groups.items()):
        interval = wilson_interval(sum(found), len(found))
        share = f"{100 * sum(found) / len(found):.1f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"
        yield f"{name} | {group} | {len(found)} | {share}"


def seen(run: OpenRun, questions: Mapping[str, list[Question]]) -> Iterator[str]:
    """A line for each split and set: shares of the things whose noun and colour the tower tells."""
    model = HubModel.load(run.place("untrained") / "model", label="untrained")
    head = InWords(model.net, word_ids(model.processor.tokenizer))
    for split, asked in questions.items():
        for name in ("nlvr", "stamps"):
            shown = pictures_of([one for one in asked if one.facets["set"] == name], PICTURES)
            labels = torch.stack([labels_of(things) for things in shown.values()])
            with torch.no_grad():
                logits = head(tower_features(model.net, pixels_of(list(shown)))).split(tuple(FACTS.values()), dim=-1)
            there = labels[..., 0] > 0
            shares = [float((one.argmax(-1) == labels[..., place])[there].float().mean())
                      for place, one in enumerate(logits)]  # fmt: skip
            told = ", ".join(f"{fact} {100 * share:.1f} %" for fact, share in zip(FACTS, shares, strict=True))
            yield f"tower | {split} | {name} | {int(there.sum())} things | {told}"


def losses(run: OpenRun) -> Iterator[str]:
    """A line for each training: its mean loss in each tenth of its steps."""
    for name in TRAINED:
        steps = [log.loss for log in read_steps(run.place(name) / "steps.jsonl")]
        if steps:
            tenths = [f"{np.mean(part):.2f}" for part in np.array_split(steps, min(TENTHS, len(steps)))]
            yield f"{name} | {len(steps)} steps | {' '.join(tenths)}"


def main() -> None:
    """Print all of it."""
    run = open_run(Path(sys.argv[1]))
    questions = {split: list(run.questions(f"questions.{split}")) for split in ("train", "test")}
    for line in (*losses(run), *seen(run, questions), *accuracies(run, questions["train"], questions["test"])):
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
