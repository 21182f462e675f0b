"""Which benchmark a file is about, and the names by which files of predictions know a benchmark's questions."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from seewhy.evaluation.predictions import whole_id
from seewhy.judging.answers.compat import BY_BENCHMARK, Compat, grader_of
from seewhy.records.types import Question
from seewhy.runs.discovery import names_in, nearest

Renames = Callable[[str, Mapping[str, object]], str]
"""From the id in a row, and the row, to the id of a question, or to what it was."""


def fold_name(name: str) -> str:
    """A benchmark's name in small letters and digits.

    Example:
        >>> fold_name("MMMU_Pro"), fold_name("A-OKVQA")
        ('mmmupro', 'aokvqa')
    """
    return "".join(letter for letter in name.lower() if letter.isalnum())


def known_names() -> dict[str, str]:
    """The folded name of each benchmark that has a reader or a rule in a suite, to its name."""
    suites = {name: name for rules in BY_BENCHMARK.values() for name in rules}
    return suites | {fold_name(name): name for name in names_in("benchmarks")}


def benchmark_of(stem: str) -> str:
    """The benchmark in the name of a result file: lmms-eval's `..._samples_TASK`, VLMEvalKit's `MODEL_DATASET`.

    Example:
        >>> benchmark_of("20260101_samples_pope"), benchmark_of("Qwen2.5-VL_7b_MMMU_Pro"), benchmark_of("replies")
        ('pope', 'MMMU_Pro', 'replies')
    """
    if task := stem.partition("_samples_")[2]:
        return task
    words, known = stem.split("_"), known_names()
    rests = ("_".join(words[first:]) for first in range(len(words)))
    return next((rest for rest in rests if any(fold_name(rest).startswith(name) for name in known)), stem)


def require_benchmark(name: str) -> None:
    """An error where no benchmark has this name, or begins a longer one."""
    known = known_names()
    if not any(fold_name(name).startswith(one) for one in known):
        raise ValueError(f"`benchmark` {name!r}{nearest(fold_name(name), sorted(known))}")


def require_compat(compat: str, questions: Sequence[Question]) -> None:
    """An error where a suite has a rule for none of the questions: nothing would be graded as it does.

    Raises:
        ValueError: there is none; the message names the benchmarks that the suite has rules for.
    """
    if not compat or Compat(compat) is Compat.PAPER or any(grader_of(Compat(compat), one) for one in questions):
        return
    rules = ", ".join(sorted({question.gold.rule.value for question in questions}))
    known = ", ".join(sorted(BY_BENCHMARK[Compat(compat)]))
    raise ValueError(
        f"`compat` {compat}: it has no rule of its own for benchmark {questions[0].benchmark!r} with rule {rules}; "
        f"name the benchmark with `benchmark` (it knows {known}), or leave `compat` out and grade by seewhy's rules"
    )


def count_compat(compat: str, questions: Iterable[Question]) -> int:
    """How many questions a suite grades by a rule of its own."""
    return sum(grader_of(Compat(compat), question) is not None for question in questions)


def renames(
    ids: set[str], stem: str, questions: Sequence[Question], aliases: Mapping[str, Sequence[str]]
) -> Renames | None:
    """How the ids of a file become those of questions; None where there is nothing to do.

    Where some are ids of questions, the others may be so but for the ".0" of a whole number ("2.0" for 2).

    A benchmark's question `name/split/7` is also known as 7 and 7.0, and by its `aliases`. Where one alias names
    several questions, as POPE's three files count from 1 each, the row's own fields or the file's name must tell which.
    """
    known = {question.id for question in questions}
    if not known.isdisjoint(ids):
        spelt = {name: whole for name in ids - known if (whole := whole_id(name)) in known - ids}
        return (lambda name, _row: spelt.get(name, name)) if spelt else None
    plain: dict[str, list[str]] = {}
    for question in questions:
        key = question.id.removeprefix(f"{question.benchmark}/{question.split.value}/")
        for name in dict.fromkeys((key, whole_id(key))):
            plain.setdefault(name, []).append(question.id)
    kinds = {question.id: set(question.facets.values()) for question in questions}

    def rename(name: str, row: Mapping[str, object]) -> str:
        found = plain.get(name) or plain.get(whole_id(name)) or aliases.get(name) or aliases.get(whole_id(name), ())
        if len(found) > 1:
            texts = {value for value in row.values() if isinstance(value, str)}
            found = [one for one in found if kinds[one] & texts] or [
                one for one in found if any(kind in stem for kind in kinds[one])
            ]
        return found[0] if len(found) == 1 else name

    return rename
