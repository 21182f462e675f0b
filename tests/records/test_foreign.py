"""Files that are none of rows are told by what they are, wherever rows are read, with a remedy that fits."""

import gzip
import json
import os
from pathlib import Path

import pytest
from said_errors import sentence

from seewhy.cli.main import main
from seewhy.records.foreign import foreign, require_file

ROWS = "".join(
    json.dumps({"id": str(n), "split": "test", "question": f"What is {n}?", "answer": str(n), "prediction": str(n)})
    + "\n"
    for n in range(3)
)
OTHER = {
    "UTF-16": (ROWS.encode("utf-16"), ["UTF-16", "save it as UTF-8"]),
    "UTF-16 without a mark": (ROWS.encode("utf-16-be"), ["UTF-16", "save it as UTF-8"]),
    "UTF-32": (ROWS.encode("utf-32"), ["UTF-32", "save it as UTF-8"]),
    "packed": (gzip.compress(ROWS.encode()), ["packed by gzip", "unpack it"]),
    "a page": (b"\xef\xbb\xbf \n<!DOCTYPE html>", ["web page", "download the file itself"]),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\n", ["Git LFS", "git lfs pull"]),
    "a table": (b"PAR1....PAR1", ["Parquet", ".parquet"]),
}


@pytest.mark.parametrize("kind", OTHER)
@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".json"])
def test_what_a_file_is_instead_of_rows_is_told_with_its_remedy(kind, ending, tmp_path, capsys):
    held, told = OTHER[kind]
    place, whole = tmp_path / f"rows{ending}", tmp_path / "whole.jsonl"
    place.write_bytes(held)
    whole.write_text(ROWS)
    asked = [["grade", str(place), "--questions", str(whole)], ["data", "check", "jsonl", "--root", str(place)]]
    asked += [["grade", str(whole), "--questions", str(place)]] if ending == ".jsonl" else []
    for words in asked:
        assert main(words) == 2
        said = sentence(capsys.readouterr().err)
        assert not [part for part in (str(place), *told) if part not in said], said


def test_a_pipe_and_a_folder_are_not_called_missing_and_nothing_waits_for_the_pipe(tmp_path, capsys):
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    for words in (["grade", str(pipe), "--questions", str(pipe)], ["data", "check", "jsonl", "--root", str(pipe)]):
        assert main(words) == 2
        said = sentence(capsys.readouterr().err)
        assert f"{pipe}: is a pipe" in said
        assert "save it to a file" in said
    with pytest.raises(ValueError, match="is a folder; name a file in it"):
        require_file(tmp_path)
    with pytest.raises(ValueError, match="no such file"):
        require_file(Path(tmp_path / "none"))


@pytest.mark.parametrize("text", ['{"id": 1}', "id,prediction\n1,<b>", "[]", "é", "", "0\0,1", "\ufeffid\n"])
def test_text_of_rows_is_taken_for_nothing_else(text):
    assert foreign(text.encode()) == ""
