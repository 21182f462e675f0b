"""Processor time of `seewhy grade` on files of 4,000 replies, as whole commands; in turns with another tree if named.

    python bench/grade_command.py
    python bench/grade_command.py --beside ../seewhy-before --runs 9
    python bench/grade_command.py --only letters --replies 40000

Files are of every form and kind that is read: half chains of thought of some 900 characters and half direct replies,
long ones alone, direct ones alone, thinking in marks, and prose that states nothing in a known form. The other tree is
a checkout of seewhy; what its command refuses is left out. Last is the largest ratio of the medians.
"""

import argparse
import csv
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from grading import FORMS, OPTIONS, SIGNS, THOUGHT
from openpyxl import Workbook

GOAL = 1.1
HERE = Path(__file__).parents[1]
LETTERS, POLAR = ("A", "B", "C", "D"), ("Yes", "No")
NUMBERS = tuple(str(number) for number in range(1, 10))
PROSE = ("I would go for {}, since the row holds it.", "Looking at the row again, {} fits best here.", "So we have {}")
Row = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A file and the words of its command."""

    name: str
    answers: Sequence[str]
    rule: str
    style: str = "reason"
    replies: str = "half"
    form: str = "csv"
    words: tuple[str, ...] = ()


CASES = (
    *(Case(name=f"letters {form}", answers=LETTERS, rule="letter", form=form)
      for form in ("csv", "jsonl", "tsv", "json", "xlsx", "lmms", "beside")),
    Case(name="letters direct", answers=LETTERS, rule="letter", style="direct", replies="direct"),
    Case(name="letters long", answers=LETTERS, rule="letter", replies="long"),
    Case(name="letters thinking", answers=LETTERS, rule="letter", replies="thinking"),
    Case(name="letters prose", answers=LETTERS, rule="letter", replies="prose"),
    Case(name="letters option texts", answers=OPTIONS, rule="letter", replies="prose"),
    Case(name="letters without options", answers=LETTERS, rule="letter", form="bare", words=("--options", "4")),
    Case(name="letters compat", answers=LETTERS, rule="letter", replies="direct", form="MMStar",
         words=("--compat", "vlmevalkit")),
    *(Case(name=f"numbers {rule}", answers=NUMBERS, rule=rule)
      for rule in ("exact", "unit_number", "relaxed_number", "math", "containment")),
    Case(name="numbers jsonl", answers=NUMBERS, rule="exact", form="jsonl"),
    Case(name="numbers prose", answers=NUMBERS, rule="relaxed_number", replies="prose"),
    *(Case(name=f"signs {rule}", answers=SIGNS, rule=rule) for rule in ("exact", "containment", "anls", "vqa_soft")),
    Case(name="signs jsonl", answers=SIGNS, rule="containment", form="jsonl"),
    Case(name="yes or no csv", answers=POLAR, rule="yes_no"),
    Case(name="yes or no jsonl", answers=POLAR, rule="yes_no", form="jsonl"),
    Case(name="yes or no prose", answers=("Yes, there is", "No, there is not"), rule="yes_no", style="direct",
         replies="direct"),
)  # fmt: skip


def reply(rng: random.Random, kind: str, index: int, answer: str) -> str:
    """A reply that gives an answer in the manner of its kind."""
    thought = " ".join(rng.choices(THOUGHT, k=36)) + "\n"
    match kind:
        case "direct":
            return answer
        case "thinking":
            return f"<think>{thought}</think>\n{rng.choice(FORMS).format(answer)}"
        case "prose":
            return thought + rng.choice(PROSE).format(answer)
        case "half" if index % 2:
            return answer
        case _:
            return thought + rng.choice(FORMS).format(answer)


def rows_of(case: Case, count: int) -> list[Row]:
    """Rows with question, gold answer and prediction."""
    rng = random.Random(0)
    has_options = case.rule == "letter" and case.form != "bare"
    golds = {"letter": LETTERS, "yes_no": ("yes", "no")}.get(case.rule, case.answers)
    return [
        {"index": index, "question": f"What does the row hold, {index}?",
         **(dict(zip(LETTERS, OPTIONS, strict=True)) if has_options else {}), "answer": rng.choice(golds),
         "prediction": reply(rng, case.replies, index, rng.choice(case.answers))}
        for index in range(count)
    ]  # fmt: skip


def write_file(case: Case, rows: Sequence[Row], folder: Path) -> list[str]:
    """The file in its form; the words of the command that grades it."""
    form = case.form if case.form in {"jsonl", "tsv", "json", "xlsx"} else "csv"
    path = folder / f"{'Model_MMStar' if case.form == 'MMStar' else 'replies'}.{form}"
    own = ["--rule", case.rule]
    match case.form:
        case "jsonl" | "lmms" | "beside":
            path = folder / ("model_samples_rows.jsonl" if case.form == "lmms" else "replies.jsonl")
            written: Sequence[Row] = rows if case.form == "jsonl" else [_lmms(row) for row in rows]
            if case.form == "beside":
                asked = folder / "questions.jsonl"
                asked.write_text("".join(json.dumps(_asked(row)) + "\n" for row in rows))
                written, own = [{"id": row["index"], "reply": row["prediction"]} for row in rows], []
                own = ["--questions", str(asked), "--id-field", "id", "--text-field", "reply"]
            path.write_text("".join(json.dumps(row) + "\n" for row in written))
        case "json":
            path.write_text(json.dumps(rows))
        case "xlsx":
            book = Workbook(write_only=True)
            sheet = book.create_sheet()
            for line in (list(rows[0]), *(list(row.values()) for row in rows)):
                sheet.append(line)
            book.save(path)
        case _:
            with path.open("w", newline="") as file:
                table = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter="\t" if form == "tsv" else ",")
                table.writeheader()
                table.writerows(rows)
    return [str(path), *own, "--style", case.style, *case.words]


def _lmms(row: Row) -> Row:
    """As lmms-eval writes it."""
    doc = {"question": row["question"], "options": [row[letter] for letter in LETTERS if letter in row]}
    return {"doc_id": row["index"], "doc": doc, "target": row["answer"], "filtered_resps": [row["prediction"]]}


def _asked(row: Row) -> Row:
    """As in docs/your-questions.md."""
    return {"id": str(row["index"]), "split": "test", "question": row["question"], "answer": row["answer"],
            "options": [row[letter] for letter in LETTERS if letter in row]}  # fmt: skip


def seconds_of(tree: Path, words: Sequence[str]) -> float | None:
    """Processor seconds of one command of a tree; None where it ends with an error."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "seewhy", "grade", *words], cwd=tree, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return None if done.returncode else taken


def measured(trees: Sequence[Path], words: Sequence[str], runs: int) -> list[float | None]:
    """The median of each tree's command, after one run that is not counted, in turns."""
    taken: list[list[float]] = [[] for _ in trees]
    for run in range(runs + 1):
        for tree, found in zip(trees, taken, strict=True):
            seconds = seconds_of(tree, words)
            if run and seconds is not None:
                found.append(seconds)
    return [median(found) if found else None for found in taken]


def main() -> None:
    """Print a line a case and, last, the largest ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beside", type=Path, help="another checkout, run in turns with this one")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--replies", type=int, default=4000)
    parser.add_argument("--only", default="", help="cases whose name begins so")
    said = parser.parse_args()
    trees = [HERE, *([said.beside.resolve()] if said.beside else [])]
    ratios: list[float] = []
    print(f"{'file':<26}{'seconds':>9}" + (f"{'beside':>9}{'ratio':>8}" if said.beside else ""))
    for case in CASES:
        if not case.name.startswith(said.only):
            continue
        with tempfile.TemporaryDirectory() as folder:
            words = write_file(case, rows_of(case, said.replies), Path(folder))
            ours, *others = measured(trees, words, said.runs)
        if ours is None:
            raise SystemExit(f"{case.name}: the command failed: seewhy grade {' '.join(words)}")
        line = f"{case.name:<26}{ours:>9.3f}"
        for other in others:
            line += f"{'refused':>9}" if other is None else f"{other:>9.3f}{ours / other:>8.2f}"
            ratios += [] if other is None else [ours / other]
        print(line, flush=True)
    if ratios:
        print(f"ratio: {max(ratios):.2f} (goal {GOAL})")


if __name__ == "__main__":
    main()
