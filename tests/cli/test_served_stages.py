"""Stages over files whose model is behind a server, named as NAME@URL, and questions in a folder named from here."""

import pytest
from served_oracle import serve

from seewhy.cli.main import main
from seewhy.records.rows import RowReader
from seewhy.records.types import Chain, Question
from seewhy.testing.served.pages import questions_of_run

FEW = ["--questions.train", "3", "--questions.validation", "0", "--questions.test", "3", "--questions.shifted", "0"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which a run holds a few questions, and nothing else."""
    place = tmp_path_factory.mktemp("made")
    assert main(["run", "inkgrid", "--run", str(place / "runs" / "few"), "--only", "questions", *FEW]) == 0
    return place


@pytest.fixture
def address(made, monkeypatch, tmp_path):
    """NAME@URL of an oracle that knows these questions, in a shell that is in their folder."""
    monkeypatch.chdir(made)
    with serve(list(questions_of_run(made / "runs" / "few")), tmp_path) as server:
        yield f"oracle@{server.base_url}"


def test_chains_and_scores_of_a_model_that_is_named_with_its_server_alone(address, made, capsys):
    assert main(["sample", "--model", address, "--questions", "runs/few/questions/train", "--per-question", "2",
                 "--out", "chains"]) == 0  # fmt: skip
    rows = list(RowReader(made / "chains", Chain))
    assert len(rows) == 6
    assert all("### Answer:" in row.text for row in rows)
    assert main(["evaluate", "--model", address, "--questions", "runs/few/questions/test", "--out", "scores"]) == 0
    said = capsys.readouterr().out.replace("\xa0", " ")
    assert "oracle, 3 questions; Direct answer 100.0 %" in said
    assert "pictures withheld 0.0 % (0.0–56.1)" in said


def test_a_model_with_weights_beside_one_behind_a_server_is_refused_with_the_engine_as_remedy(address, capsys):
    assert main(["evaluate", "--models", "tiny", address, "--questions", "runs/few/questions/test", "--out", "x"]) == 2
    said = capsys.readouterr().err
    assert "oracle is a model behind a server" in said
    assert "Set engine.kind to server and engine.urls" in said.partition("  remedy: ")[2]


def test_rows_that_a_step_writes_of_questions_named_by_a_relative_folder_find_their_pictures(made, monkeypatch):
    monkeypatch.chdir(made)
    assert main(["evaluate", "--model", "tiny", "--questions", "runs/few/questions/test", "--max-tokens", "4",
                 "--out", "tiny-scores"]) == 0  # fmt: skip
    for row in RowReader(made / "tiny-scores" / "fit", Question):
        assert all((made / "tiny-scores" / "fit" / image.path).is_file() for image in row.images)
