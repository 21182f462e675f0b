"""What docs/data.md shows: each row is of the format that it stands under, and its commands run."""

import json
import re
import shlex
from pathlib import Path

import pytest
from formats.made_sets import FORMATS, KNOWN, examples_in, png

from seewhy.cli.main import main
from seewhy.formats.converting.sources import sources_of

PAGE = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^### `(\w+)`\n\n```json\n(.*?)\n```", PAGE, re.MULTILINE | re.DOTALL))


def test_every_format_is_shown_and_stands_in_the_table():
    assert set(ROWS) | {"seewhy"} == set(FORMATS)
    assert set(re.findall(r"^\| `(\w+)` \| (?:JSON|Parquet)", PAGE, re.MULTILINE)) == set(FORMATS)


def place_of(name, folder):
    (folder / "images").mkdir()
    (folder / "images" / "cat.png").write_bytes(png())
    place = folder / "pairs.jsonl"
    place.write_text(ROWS[name] + "\n", encoding="utf-8")
    return place


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_read_as_the_format_that_it_stands_under(tmp_path, name):
    place = place_of(name, tmp_path)
    (source,) = sources_of(place, KNOWN)
    assert type(source.reader) is type(FORMATS[name])
    (example,) = examples_in(place)
    assert example.prompt[0].text.strip() == "What is it?"
    assert len(example.pictures) == 1
    assert [reply.text for reply in example.replies] == ["A cat.", "A dog."][: len(example.replies)]


def test_the_commands_of_the_page_run(tmp_path, monkeypatch, capsys):
    place_of("swift", tmp_path)
    monkeypatch.chdir(tmp_path)
    commands = [line for line in PAGE.splitlines() if line.startswith("seewhy data ")]
    assert len(commands) >= 3
    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, command
    assert "1 pairs" in capsys.readouterr().out
    assert json.loads((tmp_path / "mine" / "_convert.json").read_text())["written"] == 1


def test_a_converted_folder_is_trained_on_as_it_is(tmp_path, monkeypatch):
    place_of("swift", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["data", "convert", "pairs.jsonl", "mine", "--to", "seewhy"]) == 0
    command = next(line for line in PAGE.splitlines() if line.startswith("seewhy train "))
    words = shlex.split(command.replace("Qwen/Qwen2.5-VL-3B-Instruct", "tiny"))[1:]
    assert main(words) == 0
    assert (tmp_path / "tuned" / "model" / "model.safetensors").is_file()


def test_stats_tell_what_is_there_as_json_and_bad_rows_by_the_exit_status(tmp_path, capsys):
    place = place_of("swift", tmp_path)
    assert main(["data", "stats", str(place), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kinds"] == {"pair": 1}
    assert told["pictures"] == {"1": 1}
    assert told["characters of replies"]["chosen"]["longest"] == 6
    place.write_text(place.read_text() + "{}\n")
    assert main(["data", "stats", str(place), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["bad"] == 1
