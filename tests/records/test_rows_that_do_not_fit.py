"""Rows, tables and files that do not fit are refused by what reads or writes them, each with its own words."""

import io
import os
import subprocess
import sys
from dataclasses import replace

import pyarrow as pa
import pytest
from PIL import Image

from seewhy.records.columns import build_records, first_misfit
from seewhy.records.parquet import open_parquet
from seewhy.records.picked_pairs import PickedPairs
from seewhy.records.rows import RowReader
from seewhy.records.shards import write_shard
from seewhy.records.step_logs import append_step, cut_steps
from seewhy.records.types import Outcome, Span, StepLog, Style, Verdict

VERDICT = Verdict(question_id="q", index=0, style=Style.REASON, judge="mine", outcome=Outcome.CORRECT)
DECODED_WITH_LITTLE = """
import os, resource, sys
from pathlib import Path
from seewhy.records.pictures import PictureError, read_pixels
used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (used + (50 << 20), -1))
try:
    read_pixels(sys.stdin.buffer.read())
except PictureError as error:
    print(error)
"""


def test_a_value_of_another_record_is_named_by_row_and_field(tmp_path):
    odd = replace(VERDICT, spans=("not a span",))
    with pytest.raises(ValueError, match=r"row 1, field 'spans' of Verdict: .* \(not a Span\)"):
        write_shard(tmp_path, 0, [VERDICT, odd], Verdict)
    assert not list(tmp_path.iterdir())


def test_a_table_of_other_columns_is_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"the table's columns are \['a'\], and those of Verdict are wanted"):
        write_shard(tmp_path, 0, pa.table({"a": [1]}), Verdict)
    assert not list(tmp_path.iterdir())


def test_columns_of_unequal_length_make_no_records():
    with pytest.raises(ValueError, match=r"columns of Span are of unequal length: \[1, 2\]"):
        build_records(Span, ["start", "end", "score"], [[0, 1], [1], [0.5]])


def test_rows_that_fit_alone_and_not_together_are_said_to():
    with pytest.raises(ValueError, match="each row fits alone"):
        first_misfit(3, str)


def test_a_shard_that_is_gone_is_no_damaged_shard(tmp_path):
    with pytest.raises(FileNotFoundError, match="part-00000"), open_parquet(tmp_path / "part-00000.parquet"):
        pass


def test_a_file_of_another_kind_holds_no_rows(tmp_path):
    (tmp_path / "rows.txt").write_text("hello")
    with pytest.raises(ValueError, match=r"rows\.txt is neither a folder of shards .*: name one of these"):
        RowReader(tmp_path / "rows.txt", Verdict)
    os.mkfifo(tmp_path / "rows.jsonl")
    with pytest.raises(ValueError, match=r"rows\.jsonl is neither a folder of shards .*: name one of these"):
        RowReader(tmp_path / "rows.jsonl", Verdict)


def test_a_pair_beyond_the_last_is_no_pair():
    assert len(PickedPairs([])) == 0
    with pytest.raises(IndexError):
        PickedPairs([])[0]


def test_steps_that_are_missing_before_a_checkpoint_are_not_gone_on_from(tmp_path):
    path = tmp_path / "sft" / "steps.jsonl"
    path.parent.mkdir()
    for number in (0, 2):
        append_step(path, StepLog(step=number, loss=1.0, learning_rate=1e-5, terms={}, seconds=0.1))
    with pytest.raises(ValueError, match=r"holds 2 of the 3 steps before the checkpoint; remove .*sft"):
        cut_steps(path, 3)


def test_too_little_memory_for_a_picture_is_told_as_that():
    whole = io.BytesIO()
    Image.new("RGB", (7000, 7000)).save(whole, "PNG", compress_level=1)
    done = subprocess.run([sys.executable, "-c", DECODED_WITH_LITTLE], input=whole.getvalue(), capture_output=True,
                          check=True)  # fmt: skip
    assert done.stdout.decode() == "there is too little memory to decode it\n"


CAST_WITH_LITTLE = """
import os, resource
from pathlib import Path
import pyarrow as pa
from seewhy.records.columns import Plain, Slot
from seewhy.records.parquet import decode_column
slot = Slot(column=Plain(kind=str, arrow=pa.string()), optional=True)
column = pa.array([None, "x" * (200 << 20)])
used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
resource.setrlimit(resource.RLIMIT_AS, (used + (50 << 20), -1))
try:
    decode_column(Path("part-00000.parquet"), 0, column, "why", slot)
except MemoryError as error:
    print(error)
"""


def test_too_little_memory_for_a_column_blames_no_file():
    done = subprocess.run([sys.executable, "-c", CAST_WITH_LITTLE], capture_output=True, check=True, text=True,
                          env={**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"})  # fmt: skip
    assert done.stdout.startswith("too little memory to read part-00000.parquet (")
    assert "Nothing is wrong with the file" in done.stdout
