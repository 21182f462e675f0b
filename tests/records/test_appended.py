"""Files of lines that grow: a kill in the middle of a line loses it and no other."""

import json
import logging
from pathlib import Path

import pytest

from seewhy.records.appended import append_lines
from seewhy.records.step_logs import append_step, read_steps
from seewhy.records.types import StepLog


def read(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_kill_after_each_byte_of_the_last_line_loses_that_line_alone(tmp_path, caplog):
    path = tmp_path / "made" / "log.jsonl"
    append_lines(path, [{"n": 0, "text": "é\n"}, {"n": 1}])
    append_lines(path, [{"n": 2, "text": "a last one"}])
    whole = path.read_bytes()
    last = len(whole) - whole[:-1].rindex(b"\n") - 1
    for cut in range(1, last + 1):
        path.write_bytes(whole[: len(whole) - cut])
        caplog.clear()
        append_lines(path, [{"n": 3}])
        assert [row["n"] for row in read(path)] == [0, 1, 3], cut
        assert ("cut off" in caplog.text) == (cut < last), cut


def test_a_file_without_any_whole_line_and_an_end_longer_than_a_piece_are_cut_off(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    for before in (b"", b'{"n": 0}\n'):
        path = tmp_path / f"{len(before)}.jsonl"
        path.write_bytes(before + b"x" * 200_000)
        append_lines(path, [{"n": 1}])
        assert path.read_bytes() == before + b'{"n": 1}\n'
    assert "200000 bytes" in caplog.text


@pytest.mark.parametrize("line", ['{"step": 1, "lo', "\0\0\0", "[]", '{"step": 1}', '{"step": "one"}', "", "\xff"])
def test_a_damaged_line_within_the_log_of_a_training_is_named(tmp_path, line):
    path = tmp_path / "steps.jsonl"
    for step in range(3):
        append_step(path, StepLog(step=step, loss=1.0, learning_rate=0.1, terms={"dpo": 1.0}, seconds=1.0))
    first, _, third = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + line.encode("latin-1") + b"\n" + third)
    with pytest.raises(ValueError, match=r"steps\.jsonl, line 2"):
        read_steps(path)
