"""A mix of lessons by declared counts, as in LLaVA-Reasoner's four mixes (arXiv 2410.16198, section 4.1, figure 5)."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from seewhy.records.types import Lesson, Style

Key = tuple[str, Style, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """The lessons of a mix, shuffled, and how many came of which part."""

    lessons: tuple[Lesson, ...]
    taken: Mapping[str, int]
    """Part to its lessons; the format-aligned ones of a part under `aligned PART`."""
    repeated: int
    """Lessons that were passed over because the mix had them."""


def mix_parts(
    rows: Mapping[str, Sequence[Lesson]], parts: Mapping[str, int], aligned: Mapping[str, int],
    benchmarks: Mapping[str, str], seed: int,
) -> Mixed:  # fmt: skip
    """First `aligned` lessons of each benchmark of a part, then those of `parts`; no lesson is there twice.

    Args:
        rows: lessons by part.
        parts: lessons of each part beside the aligned ones; 0 takes all that are left.
        aligned: format-aligned lessons of each benchmark, by part.
        benchmarks: question id to benchmark.
        seed: of the draw and of the order.

    Raises:
        ValueError: a part has fewer lessons than are declared, or a lesson's question is not among the questions.
    """
    mix = _Mix(seed)
    shuffled = {name: mix.shuffle(name, part) for name, part in rows.items()}
    for name, count in aligned.items():
        mix.take_aligned(name, shuffled[name], count, benchmarks)
    for name, count in parts.items():
        mix.take(name, shuffled[name], count)
    lessons = mix.shuffle("order", mix.lessons)
    return Mixed(lessons=tuple(lessons), taken=dict(mix.taken), repeated=mix.repeated)


class _Mix:
    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.lessons: list[Lesson] = []
        self.keys: set[Key] = set()
        self.taken: Counter[str] = Counter()
        self.repeated = 0
        self._aligned: set[Key] = set()

    def shuffle(self, name: str, lessons: Sequence[Lesson]) -> list[Lesson]:
        """By chance, whatever the order of the rows."""
        found = sorted(lessons, key=_key)
        random.Random(f"{self.seed}/{name}").shuffle(found)
        return found

    def take_aligned(self, name: str, lessons: Sequence[Lesson], count: int, benchmarks: Mapping[str, str]) -> None:
        """So many of each benchmark, as far as it has them."""
        of: Counter[str] = Counter()
        for lesson in lessons:
            if lesson.question_id not in benchmarks:
                raise ValueError(f"{name}: question {lesson.question_id!r} of a lesson is not among the questions")
            if of[benchmarks[lesson.question_id]] < count and self._add(lesson, f"aligned {name}"):
                of[benchmarks[lesson.question_id]] += 1
                self._aligned.add(_key(lesson))

    def take(self, name: str, lessons: Sequence[Lesson], count: int) -> None:
        """So many of a part that are not there yet."""
        fresh = self._fresh(lessons)
        found = sum(self._add(lesson, name) for lesson, _ in zip(fresh, range(count or len(lessons)), strict=False))
        if found < count:
            raise ValueError(f"{name} has {found} lessons that the mix does not hold yet, and {count} are declared: "
                             "make more of them, or declare fewer (0 takes all)")  # fmt: skip

    def _fresh(self, lessons: Sequence[Lesson]) -> Iterator[Lesson]:
        for lesson in lessons:
            if _key(lesson) not in self.keys:
                yield lesson
            elif _key(lesson) not in self._aligned:
                self.repeated += 1

    def _add(self, lesson: Lesson, name: str) -> bool:
        if _key(lesson) in self.keys:
            return False
        self.keys.add(_key(lesson))
        self.lessons.append(lesson)
        self.taken[name] += 1
        return True


def _key(lesson: Lesson) -> Key:
    return lesson.question_id, lesson.style, lesson.response.text
