"""seewhy's own rows: pairs and lessons with their questions, or questions alone, in folders of Parquet shards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os.path import normpath
from pathlib import Path
from typing import ClassVar, TypeVar, cast

from seewhy.formats.api import Format, Layout, Shelf
from seewhy.formats.rows.example import Example, Kind, Picture, Reply, Turn
from seewhy.formats.rows.faults import Reason, RowError, unheld
from seewhy.formats.rows.raw import FileKind
from seewhy.formats.rows.row import Row
from seewhy.formats.talk.keys import DIGITS, prompt_key
from seewhy.formats.talk.marks import Draft, emptied, fill
from seewhy.formats.talk.messages import answer
from seewhy.formats.talk.question_finder import QuestionFinder
from seewhy.formats.talk.questions import turns_of, with_turns
from seewhy.records.columns import Record
from seewhy.records.lines import record_from
from seewhy.records.ranked import RankedGroup, require_ranks
from seewhy.records.remedy import split
from seewhy.records.rows import RowReader
from seewhy.records.turns import ImageRef
from seewhy.records.types import Gold, Lesson, MatchRule, Pair, Question, Response, Split, Style

QUESTIONS = "questions"
"""Folder of the questions, within that of the rows on them."""
MARGIN = 1.0
"""Margin of a pair that states none: one vote."""


@dataclass(frozen=True, kw_only=True)
class Seewhy(Format):
    """Rows of one kind a folder; pictures beside them by their hash.

    Groups of ranked responses are read, and written in other formats as the pairs that are picked from them. A prompt
    that ends with the instruction of one of the styles is a question in that style; any other is in plain style,
    so that it is trained on word for word.
    """

    questions: Path | None = None
    """Where the questions of pairs and lessons are read from."""
    name: str = "imported"
    """Benchmark of questions that are written."""
    split: Split = Split.TRAIN
    """Theirs, where a row names none."""

    title: ClassVar[str] = "seewhy's own rows"
    columns: ClassVar[str] = "question_id, style, and chosen, rejected or response or responses; or a question's fields"
    holds: ClassVar[tuple[Kind, ...]] = (Kind.PAIR, Kind.LESSON, Kind.QUESTION)
    layout: ClassVar[Layout] = Layout(kind=FileKind.PARQUET)

    def recognises(self, fields: Mapping[str, object]) -> bool:
        there = fields.keys()
        is_answered = {"question_id", "style"} <= there and (
            {"chosen", "rejected"} <= there or bool(there & {"response", "responses"})
        )
        return is_answered or {"id", "benchmark", "split", "text", "gold"} <= there

    def parse(self, row: Row) -> Example:
        if "gold" in row.fields:
            place = Path(row.place.rpartition(":")[0]).parent
            return example_of(row, _record(row, Question), Style.PLAIN, Kind.QUESTION, (), place)
        if "response" in row.fields:
            lesson = _record(row, Lesson)
            found = self._answered(row, lesson.question_id, lesson.style, Kind.LESSON, (lesson.response,))
            return replace(found, source=lesson.source, stream=lesson.stream, weight=lesson.weight)
        return self._group(row) if "responses" in row.fields else self._pair(row)

    def _pair(self, row: Row) -> Example:
        pair = _record(row, Pair)
        found = self._answered(row, pair.question_id, pair.style, Kind.PAIR, (pair.chosen, pair.rejected))
        stored = (pair.chosen_logprobs, pair.rejected_logprobs)
        replies = tuple(replace(one, logprobs=values) for one, values in zip(found.replies, stored, strict=True))
        found = replace(found, source=pair.source, margin=pair.margin, stream=pair.stream, weight=pair.weight,
                        replies=replies)  # fmt: skip
        if pair.rejected_images is None:
            return found
        folder = Path(row.place.rpartition(":")[0]).parent
        shown = _pictures(row, pair.rejected_images, folder)
        return replace(found, rejected_prompt=fill([_emptied(turn) for turn in found.prompt], shown)[0])

    def _group(self, row: Row) -> Example:
        group = _record(row, RankedGroup)
        try:
            require_ranks(group)
        except ValueError as error:
            raise RowError(Reason.NUMBER, str(error)) from error
        texts = tuple(one.response for one in group.responses)
        found = self._answered(row, group.question_id, group.style, Kind.GROUP, texts)
        replies = tuple(
            replace(reply, score=one.score, by=one.scorer)
            for reply, one in zip(found.replies, group.responses, strict=True)
        )
        picks = tuple((pick.chosen, pick.rejected, pick.weight) for pick in group.picks)
        return replace(found, replies=replies, picks=picks, source=group.source, stream=group.stream)

    def _answered(self, row: Row, name: str, style: Style, kind: Kind, replies: tuple[Response, ...]) -> Example:
        if self.questions is None:
            raise ValueError(f"{row.place}: pairs, SFT examples and groups are read with their questions, and none "
                             "were found beside them; name their folder with --questions DIR")  # fmt: skip
        try:
            question = self._questions.find(name)
        except (
            ValueError,
            FileNotFoundError,
        ) as error:  # its own remedy is that of a run's rows, such as to run the stage again
            raise ValueError(
                f"{split(str(error))[0]}; name the questions of these rows with --questions DIR"
            ) from error
        if question is None:
            raise RowError(Reason.MISSING, f"field 'question_id': there is no question {name!r} in {self.questions}; "
                           "name the folder of the questions with --questions DIR")  # fmt: skip
        folder = self.questions if self.questions.is_dir() else self.questions.parent
        return example_of(row, question, style, kind, replies, folder)

    @cached_property
    def _questions(self) -> QuestionFinder:
        assert self.questions is not None
        return QuestionFinder(RowReader(self.questions, Question))

    def form(self, example: Example, shelf: Shelf) -> Mapping[str, object]:
        """The question, and the pair or lesson on it, as records under "question" and "row"."""
        above = "" if example.kind is Kind.QUESTION else "../"  # questions of pairs have a folder of their own
        question, style = self._question(example, above, shelf)
        replies = tuple(Response(text=reply.text, token_ids=reply.token_ids) for reply in example.replies)
        source = example.source or self.name
        row: Pair | Lesson | None = None
        if example.kind is Kind.PAIR:
            margin = MARGIN if example.margin is None else example.margin
            row = Pair(
                question_id=question.id, style=style, chosen=replies[0], rejected=replies[1], source=source,
                margin=margin, rejected_images=_other_images(example, shelf), stream=example.stream,
                weight=example.weight, chosen_logprobs=example.replies[0].logprobs,
                rejected_logprobs=example.replies[1].logprobs,
            )  # fmt: skip
        elif example.kind is Kind.LESSON:
            row = Lesson(
                question_id=question.id, style=style, response=replies[0], source=source, stream=example.stream,
                weight=example.weight,
            )  # fmt: skip
        return {"question": question, "row": row, "content": prompt_key(example)}

    def _question(self, example: Example, above: str, shelf: Shelf) -> tuple[Question, Style]:
        split = example.facets.get("split", "")
        bare = Question(
            id=example.question or example.name or prompt_key(example)[:DIGITS], benchmark=self.name,
            split=Split(split) if split in list(Split) else self.split, text="",
            gold=Gold(answers=example.answers, rule=MatchRule.EXACT if example.answers else MatchRule.OPEN),
            facets={name: value for name, value in example.facets.items() if name != "split"},
        )  # fmt: skip
        return with_turns(bare, example.prompt, lambda picture: f"{above}{shelf.path(picture)}")


def example_of(
    row: Row, question: Question, style: Style, kind: Kind, replies: tuple[Response, ...], folder: Path
) -> Example:
    """What is asked and answered, in the words in which it is trained on; `folder` is that of the question's rows."""
    return Example(
        kind=kind,
        prompt=turns_of(question, style, _pictures(row, question.images, folder)),
        replies=tuple(Reply(turns=answer(one.text), token_ids=one.token_ids) for one in replies),
        answers=question.gold.answers,
        question=question.id,
        style=style.value,
        facets={**question.facets, "split": question.split.value},
    )


def _pictures(row: Row, images: Sequence[ImageRef], folder: Path) -> tuple[Picture, ...]:
    return tuple(row.pictures.stored(Path(normpath(folder / image.path)), image.sha256, "images") for image in images)


def _emptied(turn: Turn) -> Draft:
    return Draft(role=turn.role, parts=emptied(turn))


def _other_images(example: Example, shelf: Shelf) -> tuple[ImageRef, ...] | None:
    """The pictures of the rejected side, where it shows others at the same places."""
    other = example.rejected_prompt
    if other is None:
        return None
    if [(turn.role, emptied(turn)) for turn in other] != [(turn.role, emptied(turn)) for turn in example.prompt]:
        raise unheld("its rejected reply answers other words than the chosen one, and a pair of seewhy has one prompt")
    shown = [picture for turn in other for picture in turn.pictures]
    return tuple(ImageRef(sha256=one.sha256, path=shelf.path(one)) for one in shown)


R = TypeVar("R", bound=Record)


def _record(row: Row, record: type[R]) -> R:
    try:
        return record_from(_plain(row.fields), record, "")
    except ValueError as error:
        raise RowError(
            Reason.TYPE, f"{str(error).removeprefix(', ').lstrip()}; mend it, or take the row out"
        ) from error


def _plain(fields: Mapping[str, object]) -> dict[str, object]:
    """A row of Parquet as JSON has it: mappings come as lists of key and value."""
    facets = fields.get("facets")
    listed = cast(list[object], facets) if isinstance(facets, list) else [None]
    pairs = [
        cast(Mapping[str, object], one) for one in listed if isinstance(one, Mapping) and {"key", "value"} <= one.keys()
    ]
    if len(pairs) < len(listed):
        return dict(fields)
    return {**fields, "facets": {str(one["key"]): one["value"] for one in pairs}}
