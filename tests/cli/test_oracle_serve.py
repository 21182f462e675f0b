"""`seewhy oracle serve` as a process of its own."""

import json
import re
import signal
import subprocess
import sys
import urllib.request

from said_errors import sentence

from seewhy.benchmarks import inkgrid
from seewhy.cli.main import main
from seewhy.model.prompts import prompt_text
from seewhy.records.shards import write_shard
from seewhy.records.types import Question, Split, Style


def test_it_says_where_it_answers_knows_the_runs_questions_and_ends_when_interrupted(tmp_path):
    questions = list(inkgrid.load(tmp_path, Split.TRAIN, count=3))
    write_shard(tmp_path / "questions" / "train", 0, questions, Question)
    words = ["oracle", "serve", "--questions", str(tmp_path), "--port", "0", "--served.error-rate", "0.25"]
    process = subprocess.Popen([sys.executable, "-m", "seewhy.cli.main", *words, "--faults.kinds", "html-page"],
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert process.stdout is not None
    said = process.stdout.readline()
    place = re.match(r"oracle-0\.25 answers at (http://127\.0\.0\.1:\d+)/v1; its bill is at \1/bill; Ctrl\+C", said)
    assert place, said
    body = {"model": "oracle", "messages": [{"role": "user", "content": prompt_text(questions[0], Style.REASON)}]}
    with urllib.request.urlopen(f"{place[1]}/v1/chat/completions", json.dumps(body).encode()) as answer:
        assert "### Answer:" in json.load(answer)["choices"][0]["message"]["content"]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode in (0, 130)


def test_a_folder_without_questions_is_told_how_to_get_them(tmp_path, capsys):
    assert main(["oracle", "serve", "--questions", str(tmp_path)]) == 2
    assert "holds no questions: draw them with `seewhy run inkgrid --run" in sentence(capsys.readouterr().err)


def test_another_word_about_the_oracle_is_told_what_there_is(capsys):
    assert main(["oracle", "sreve"]) == 2
    assert "`seewhy oracle serve --questions RUN`" in sentence(capsys.readouterr().err)
