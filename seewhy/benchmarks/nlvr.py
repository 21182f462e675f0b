"""NLVR: whether a sentence written by a person is true of a drawn picture of three boxes."""

from collections.abc import Iterator

from seewhy.benchmarks.release.declared import Release
from seewhy.benchmarks.release.pictures import Picture
from seewhy.benchmarks.release.rows import ParsedQuestion, Row
from seewhy.records.types import MatchRule, Question, Split

PERMUTATIONS = 6
"""Orders of the three boxes in the release; each is a picture and a question of its own."""
NAMES = {Split.TRAIN: "train", Split.VALIDATION: "dev", Split.TEST: "test"}
LABELS = {"true": "yes", "false": "no"}


def _parse_row(row: Row) -> Iterator[ParsedQuestion]:
    key, label = row.word("identifier"), str(row.value("label")[1]).lower()
    if label not in LABELS:
        raise ValueError(f"field 'label' must be true or false, and is {label!r}")
    votes = {str(vote) for vote in row.nested("evals").fields.values()}
    pictures = row.pictures("images") if row.has("images") else _permutations(row, key)
    count = len(row.words("images")) if row.has("images") else PERMUTATIONS
    for number in range(count):
        yield ParsedQuestion(
            key=f"{key}/{number}",
            text=f'Is this sentence true of the picture? "{row.word("sentence")}"',
            answers=(LABELS[label],),
            pictures=pictures[number : number + 1],
            facets={"label": label, "votes": "unanimous" if len(votes) == 1 else "divided"},
        )


def _permutations(row: Row, key: str) -> tuple[Picture, ...]:
    names = [f"{row.names[0]}-{key}-{number}.png" for number in range(PERMUTATIONS)]
    return tuple(one for name in names
                 for one in row.file_picture("identifier", name, f"images/{row.word('directory')}/{{}}"))  # fmt: skip


def _aliases(question: Question) -> tuple[str, ...]:
    """The name of its picture, and of the first order of the boxes the sentence's own identifier."""
    key, _, number = question.id.split("/", 2)[2].rpartition("/")
    pictures = (f"{NAMES[question.split]}-{key}-{number}", f"{NAMES[question.split]}-{key}-{number}.png")
    return (*pictures, key) if number == "0" else pictures


RELEASE = Release(
    name="nlvr",
    title="NLVR",
    version="1.0 (ACL 2017)",
    citation="Suhr et al. 2017, A Corpus of Natural Language for Visual Reasoning, ACL",
    licence="CC BY 4.0",
    rule=MatchRule.YES_NO,
    splits={split: (name,) for split, name in NAMES.items()},
    layouts=("{split}/{split}.json", "{split}.json", "{split}.jsonl"),
    pose=_parse_row,
    facets=("label", "votes"),
    aliases=_aliases,
)
load, sizes, files = RELEASE.load, RELEASE.sizes, RELEASE.files
