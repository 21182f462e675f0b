"""A small set in each format, as the format's own tools write it, and what all of them say."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from seewhy.formats.api import Format, Source
from seewhy.formats.converting.convert import Converted, Target, convert
from seewhy.formats.converting.reading import Found, ReadPlan, Tally, read_sources
from seewhy.formats.converting.sources import Known, sources_of
from seewhy.formats.pictures.finding import PictureFinder
from seewhy.formats.rows.example import Example, Picture
from seewhy.formats.rows.row import Row
from seewhy.workbench.converting import known_formats

FORMATS: Mapping[str, Format] = known_formats()
KNOWN = Known(formats=FORMATS)
VICUNA = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, "
    "and polite answers to the user's questions. USER: <image>\n{} ASSISTANT:"
)


def png(number: int = 0, kind: str = "PNG") -> bytes:
    """A picture of a colour of its own."""
    held = io.BytesIO()
    Image.new("RGB", (24, 16), (number * 40 % 256, 90, 200)).save(held, kind)
    return held.getvalue()


def pictures_in(folder: Path, count: int = 2) -> None:
    """`images/0.png` and on."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / "images" / f"{number}.png").write_bytes(png(number))


def write_lines(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A JSON Lines file, with pictures beside it."""
    pictures_in(path.parent)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_list(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A JSON list, with pictures beside it."""
    pictures_in(path.parent)
    path.write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return path


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A Parquet file, with pictures beside it."""
    pictures_in(path.parent)
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)
    return path


def _said(role: str, text: str, keys: tuple[str, str] = ("role", "content")) -> dict[str, object]:
    return {keys[0]: role, keys[1]: text}


def _parts(role: str, *parts: str) -> dict[str, object]:
    held = [{"type": "image"} if part == "" else {"type": "text", "text": part} for part in parts]
    return {"role": role, "content": held}


IMAGE = "images/0.png"
CELL = {"bytes": png(0), "path": "0.png"}
TALK = (_said("human", "<image>What is it?", ("from", "value")), _said("gpt", "A cat.", ("from", "value")))
RLAIFV = {
    "ds_name": "RLAIF-V", "image": CELL, "question": "What is it?", "chosen": "A cat.", "rejected": "A dog.",
    "origin_dataset": "LLaVA", "origin_split": json.dumps({"model": "m"}), "idx": 0, "image_path": "0.png",
}  # fmt: skip

PAIRS = {
    "trl": (write_table, [{
        "images": [CELL], "prompt": [_parts("user", "", "What is it?")], "chosen": [_parts("assistant", "A cat.")],
        "rejected": [_parts("assistant", "A dog.")],
    }]),
    "llamafactory": (write_list, [{
        "conversations": [TALK[0]], "chosen": TALK[1], "rejected": _said("gpt", "A dog.", ("from", "value")),
        "images": [IMAGE],
    }]),
    "llamafactory_alpaca": (write_list, [{
        "instruction": "<image>What is it?", "input": "", "chosen": "A cat.", "rejected": "A dog.", "images": [IMAGE],
    }]),
    "llamafactory_pair": (write_lines, [{
        "chosen": [_said("user", "<image>What is it?"), _said("assistant", "A cat.")],
        "rejected": [_said("user", "<image>What is it?"), _said("assistant", "A dog.")], "images": [IMAGE],
    }]),
    "swift": (write_lines, [{
        "messages": [_said("user", "<image>What is it?"), _said("assistant", "A cat.")],
        "rejected_response": "A dog.", "images": [IMAGE],
    }]),
    "mmpr": (write_lines, [{
        "image": IMAGE, "question": "<image>What is it?", "chosen": "A cat.", "rejected": "A dog.", "answer_gt": "cat",
    }]),
    "llava_reasoner": (write_lines, [{
        "idx": 0, "question": "What is it?", "chosen": "A cat.", "rejected": "A dog.", "image": IMAGE,
    }]),
    "mdpo": (write_list, [{
        "img_path": IMAGE, "prompt": VICUNA.format("What is it?"), "chosen": "A cat.", "rejected": "A dog.",
    }]),
    "mmcot": (write_table, [{
        "image": CELL, "question_id": "22", "question": "What is it?", "question_full": "What is it?",
        "choices": ["cat", "dog"], "correct_choice_idx": 0, "direct_answers": "['cat']",
        "difficult_direct_answer": False, "rationales": ["It purrs."], "best_response": "A cat.",
        "best_response_score": 4.0, "worst_response": "A dog.", "worst_response_score": 1.0,
    }]),
    "rlaifv": (write_table, [RLAIFV]),
    "oumi": (write_lines, [{
        "prompt": "What is it?", "images": [IMAGE], "chosen": [_said("assistant", "A cat.")],
        "rejected": [_said("assistant", "A dog.")],
    }]),
}  # fmt: skip
"""Each says: one picture, `What is it?`, `A cat.` and not `A dog.`"""

LESSONS = {
    "llava": (write_list, [{"id": "7", "image": IMAGE, "conversations": list(TALK)}]),
    "trl_completion": (write_table, [{
        "images": [CELL], "prompt": [_parts("user", "", "What is it?")], "completion": [_parts("assistant", "A cat.")],
    }]),
    "swift": (write_lines, [{
        "messages": [_said("user", "<image>What is it?"), _said("assistant", "A cat.")], "images": [IMAGE],
    }]),
}  # fmt: skip

QUESTIONS = {
    "verl": (write_table, [{
        "data_source": "geo3k", "prompt": [_said("user", "<image>What is it?")], "images": [{"path": IMAGE}],
        "ability": "math", "reward_model": {"style": "rule", "ground_truth": "cat"},
        "extra_info": {"split": "train", "index": 3, "answer": "cat", "question": "What is it?"},
    }]),
    "easyr1": (write_lines, [{"problem": "<image>What is it?", "answer": "cat", "images": [IMAGE]}]),
    "openrlhf": (write_lines, [{
        "prompt": [_parts("user", "", "What is it?")], "images": [IMAGE], "label": "cat", "datasource": "d",
    }]),
    "openai_batch": (write_lines, [{
        "custom_id": "q-1", "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": "m", "messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": IMAGE}}, {"type": "text", "text": "What is it?"},
        ]}]},
    }]),
    "swift": (write_lines, [{
        "messages": [_said("user", "<image>What is it?")], "images": [IMAGE], "solution": "cat",
    }]),
}  # fmt: skip
SUFFIXES = {write_lines: ".jsonl", write_list: ".json", write_table: ".parquet"}


def write_set(kind: Mapping[str, tuple], name: str, folder: Path) -> Path:
    """The set of a format, in its own folder."""
    write, rows = kind[name]
    folder.mkdir(parents=True, exist_ok=True)
    return write(folder / f"{name}{SUFFIXES[write]}", rows)


def found_in(place: Path, plan: ReadPlan | None = None, sources: Sequence[Source] | None = None) -> list[Found]:
    """All rows of a place."""
    return list(read_sources(sources or sources_of(place, KNOWN), plan or ReadPlan(), Tally()))


def examples_in(place: Path, plan: ReadPlan | None = None) -> list[Example]:
    """The rows of a place, which must all be good."""
    found = found_in(place, plan)
    assert [str(one.fault) for one in found if one.fault] == []
    return [one.example for one in found if one.example]


def faults_in(place: Path, plan: ReadPlan | None = None) -> list[str]:
    """What is wrong with the rows of a place, each with file and row."""
    try:
        return [f"{one.raw.place}: {one.fault}" for one in found_in(place, plan) if one.fault]
    except ValueError as error:  # none of its rows can be read
        return [str(error)]


def plain(example: Example) -> tuple[object, ...]:
    """What a row says, pictures by their hash."""
    turns = [example.prompt, *(reply.turns for reply in example.replies)]
    other = [] if example.rejected_prompt is None else [example.rejected_prompt]
    return tuple(
        tuple((turn.role.value, tuple(part.sha256 if isinstance(part, Picture) else part for part in turn.parts))
              for turn in one)
        for one in [*turns, *other]
    )  # fmt: skip


class HeldShelf:
    """Pictures of written rows under a folder, and found again without a file of rows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, picture: Picture) -> str:
        (self.folder / f"{picture.sha256}.png").write_bytes(picture.content())
        return f"{picture.sha256}.png"

    def cell(self, picture: Picture) -> dict[str, object]:
        return {"bytes": picture.content(), "path": None}


def round_trip(name: str, example: Example, folder: Path) -> Example:
    """An example as a row of a format, which the files' library has written and read, as an example again."""
    form = FORMATS[name]
    row = dict(form.form(example, HeldShelf(folder)))
    if form.layout.schema is not None:
        row["seewhy"] = json.dumps(row["seewhy"]) if row.get("seewhy") else None
        (row,) = pa.Table.from_pylist([row], schema=form.layout.schema).to_pylist()
    else:
        row = json.loads(json.dumps(row))
    finder = PictureFinder((folder,))
    assert [one for one, other in FORMATS.items() if other.recognises(row)] == [name]
    return form.parse(Row(place="row", fields=row, pictures=finder, longest=1000))


SWIFT = PAIRS["swift"][1][0]


def swift(tmp_path: Path, **changes: object) -> Path:
    """One row of ms-swift with some fields changed; None takes a field out."""
    row = {name: value for name, value in {**SWIFT, **changes}.items() if value is not ...}
    return write_lines(tmp_path / "pairs.jsonl", [row])


def convert_to(place: Path, folder: Path, name: str = "trl", *, skip_bad: bool = False) -> Converted:
    """Convert a set into a folder."""
    return convert(
        sources_of(place, KNOWN),
        ReadPlan(),
        Target(format=FORMATS[name], folder=folder, name="set", skip_bad=skip_bad),
    )


def refused(place: Path, *words: str) -> None:
    """Its first row is refused, with these words."""
    (fault,) = faults_in(place)
    assert fault.startswith(f"{place}:1: "), fault
    for word in words:
        assert word in fault, fault
