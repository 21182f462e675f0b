"""A judge is named once, in a recipe or to `seewhy calibrate`, and made with the settings that it has."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import served_oracle
from said_errors import sentence
from served_oracle import bill_of, serve
from wired_runs import CHAINS, SAMPLED, distilling, judging, oracle_chains, pages, write_recipe

from seewhy.cli.main import main
from seewhy.endpoints.recording import RecordingClient
from seewhy.judging.facts import FactsJudge
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.prompts.template import read_prompt
from seewhy.judging.rubric import RubricJudge
from seewhy.judging.sentences import SentenceJudge
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Outcome, Verdict
from seewhy.runs.choice import choose
from seewhy.stages.judge import Judge, make_judge

NOBODY = RecordingClient(name="nobody")
SHORT = """
from dataclasses import dataclass

from seewhy.judging.asking.messages import give_verdict
from seewhy.records.types import Outcome


@dataclass(frozen=True, kw_only=True)
class ShortJudge:
    name: str = "short"
    most: int = 60

    def judge(self, question, chains):
        return tuple(give_verdict(question, chain, self.name, self.outcome(chain), score=-1.0 * len(chain.text))
                     for chain in chains)

    def outcome(self, chain):
        return Outcome.CORRECT if len(chain.text) <= self.most else Outcome.INCORRECT
"""
STRICT = """
from dataclasses import dataclass, replace

from seewhy.judging.rubric import RubricJudge
from seewhy.endpoints.chat import ChatModel


@dataclass(frozen=True, kw_only=True)
class StrictJudge:
    chat_model: ChatModel
    blind: bool = False

    @property
    def name(self):
        return f"strict by {self.chat_model.name}, blind {self.blind}"

    def judge(self, question, chains):
        graded = RubricJudge(chat_model=self.chat_model, blind=self.blind).judge(question, chains)
        return tuple(replace(verdict, judge=self.name) for verdict in graded)
"""


@pytest.fixture
def own_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Modules outside of seewhy, with a judge each; the folder that holds them."""
    folder = tmp_path / "path" / "judges_of_mine"
    folder.mkdir(parents=True)
    for name, text in {"short": SHORT, "strict": STRICT, "none": ""}.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "path")
    return folder


def refused(capsys, *words: str) -> str:
    assert main(words) == 2
    return sentence(capsys.readouterr().err)


def verdicts_of(run: Path) -> list[Verdict]:
    return list(read_rows(run / "verdicts", Verdict))


@pytest.mark.parametrize(
    ("choice", "judge"),
    [
        (Judge(chains="chains").judge, OutcomeJudge()),
        (choose("seewhy.judging.outcome"), OutcomeJudge()),
        (choose("rubric"), RubricJudge(chat_model=NOBODY)),
        (choose("rubric", votes=3, temperature=0.7, show_gold=True, blind=True),
         RubricJudge(chat_model=NOBODY, votes=3, temperature=0.7, show_gold=True, blind=True)),
        # It is always told the answer: what a choice leaves alone stays at the judge's own.
        (choose("sentences"), SentenceJudge(chat_model=NOBODY, show_gold=True)),
        (choose("facts", blind=True), FactsJudge(chat_model=NOBODY, blind=True)),
    ],
)  # fmt: skip
def test_a_judge_is_made_with_the_settings_of_its_choice_and_its_own_for_the_rest(choice, judge):
    assert make_judge(choice, NOBODY, "", "judge") == judge


def test_a_prompt_of_ones_own_takes_the_place_of_the_judge_s(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text('{{question}}\n<reply id="{{id}}">{{reply}}</reply>')
    judge = make_judge(choose("rubric"), NOBODY, str(mine), "judge")
    assert judge == RubricJudge(chat_model=NOBODY, template=read_prompt(mine))


SERVED = ("--verdicts.model", "judge")
"""Names the model behind a server that judges."""


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (["--verdicts.judge.votes", "3"], ("judge.votes is 3: outcome has no such setting",)),
        (["--verdicts.judge.compat", "ofical"], ("judge.compat is 'ofical'; did you mean 'official'?",)),
        (["--verdicts.judge.compat", "3"], ("judge.compat is 3; there are paper, vlmevalkit",)),
        (["--verdicts.judge.prove", "x"], ("judge.prove is 'x': it is made in Python alone",)),
        ([*SERVED, "--verdicts.judge", "rubric", "--verdicts.judge.template", "mine"],
         ("judge.template is 'mine': it is made in Python alone",)),
        ([*SERVED], ("judge outcome asks no model: leave `model` away",)),
        (["--verdicts.judge", "rubric"], ("judge rubric asks a model: name it as `model`",)),
        (["--verdicts.prompt", __file__], ("prompt: judge outcome has no prompt",)),
        ([*SERVED, "--verdicts.judge", "sentences", "--verdicts.judge.votes", "3"],
         ("judge.votes is 3: sentences has no such setting", "show_gold", "blind")),
        ([*SERVED, "--verdicts.judge", "facts", "--verdicts.judge.show-gold"],
         ("judge.show_gold is True: facts has no such setting", "blind")),
        ([*SERVED, "--verdicts.judge", "rubric", "--verdicts.judge.votes", "3"],
         ("judge: votes=3 at temperature 0 are one vote; set a temperature",)),
        ([*SERVED, "--verdicts.judge", "rubric", "--verdicts.prompt", served_oracle.__file__],
         (served_oracle.__file__, "lacks the slot {{id}}, {{question}}, {{reply}}")),
        ([*SERVED, "--verdicts.judge", "rubric", "--verdicts.prompt", "none.txt"], ("prompt none.txt: no such file",)),
        ([*SERVED, "--verdicts.judge", "versus"], ("judge: versus needs rivals",)),
        (["--verdicts.judge", "steps"], ("judge: steps needs policy",)),
        (["--verdicts.judge", "corrector"], ("judge: kind: there is no judge 'corrector'",)),
        (["--verdicts.judge", "zzz"],
         ("judge: kind: there is no judge 'zzz'; there are agreement, facts, outcome, rating, review, rubric",)),
        (["--verdicts.judge", "no.judge.of.mine"], ("no module 'no.judge.of.mine' can be imported",)),
        (["--verdicts.judge", "nowhere.py:Mine"], ("nowhere.py: no such file",)),
    ],
)  # fmt: skip
def test_a_judge_that_could_not_be_made_stops_a_run_before_anything_is_made(words, facts, tmp_path, capsys):
    mine = tmp_path / "mine.yaml"
    mine.write_text("base: inkgrid\nmodels:\n  judge:\n    base_url: http://127.0.0.1:9/v1\n    model: m\n")
    told = refused(capsys, "run", str(mine), "--run", str(tmp_path / "run"), *words)
    assert "verdicts" in told
    assert all(fact in told for fact in facts)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("is_file", [False, True])
def test_a_judge_of_ones_own_judges_a_run_by_its_path_with_its_model_and_settings(is_file, own_judges, tmp_path):
    kind = f"{own_judges / 'strict.py'}:StrictJudge" if is_file else "judges_of_mine.strict"
    place, run = oracle_chains(tmp_path), tmp_path / "run"
    with serve(pages(tmp_path), tmp_path / "files") as server:
        recipe = write_recipe(tmp_path, judging(server.base_url, place, choose(kind, blind=True)))
        assert main(["run", recipe, "--run", str(run)]) == 0
        bill = bill_of(server)["billed"]["calls"]
    verdicts = verdicts_of(run)
    # Blind, it sends no picture, and so no canary is asked.
    assert (len(verdicts), sum(row.usage.calls for row in verdicts)) == (SAMPLED * CHAINS, bill)
    assert {row.judge for row in verdicts} == {"strict by oracle, blind True"}
    assert {row.outcome for row in verdicts} <= {Outcome.CORRECT, Outcome.INCORRECT}


@pytest.mark.usefixtures("own_judges")
def test_a_setting_that_a_judge_of_ones_own_lacks_and_a_model_that_it_asks_and_nobody_names_are_refused(
    tmp_path, capsys
):
    words = ("run", "inkgrid", "--run", str(tmp_path / "run"), "--verdicts.judge", "judges_of_mine.strict")
    assert "judge judges_of_mine.strict asks a model: name it as `model`" in refused(capsys, *words)
    told = refused(capsys, *words, "--verdicts.model", "base")
    assert "step verdicts, field model: base is a model with weights; wanted: a model behind a server" in told
    mine = tmp_path / "mine.yaml"
    mine.write_text("base: inkgrid\nmodels:\n  judge:\n    base_url: http://127.0.0.1:9/v1\n    model: m\n")
    told = refused(capsys, "run", str(mine), *words[2:], *SERVED, "--verdicts.judge.votes", "2")
    assert "judge.votes is 2: judges_of_mine.strict has no such setting; there are blind." in told


@pytest.mark.usefixtures("own_judges")
def test_a_judge_of_ones_own_that_asks_nobody_needs_no_server(tmp_path):
    """The server that the recipe names is not there."""
    place, run = oracle_chains(tmp_path), tmp_path / "run"
    nowhere = distilling("http://127.0.0.1:9/v1")
    own = Judge(chains="chains", questions="questions.train", judge=choose("judges_of_mine.short", most=80))
    recipe = replace(nowhere, inputs={"chains": str(place)},
                     steps={"questions": nowhere.steps["questions"], "verdicts": own})  # fmt: skip
    assert main(["run", write_recipe(tmp_path, recipe), "--run", str(run)]) == 0
    lengths = [len(chain.text) for chain in read_rows(place, Chain)]
    assert min(lengths) <= 80 < max(lengths)
    assert [row.score for row in verdicts_of(run)] == [-length for length in lengths]
    assert [row.outcome is Outcome.CORRECT for row in verdicts_of(run)] == [length <= 80 for length in lengths]


@pytest.mark.usefixtures("own_judges")
def test_a_module_without_a_judge_is_refused(tmp_path, capsys):
    words = ("run", "inkgrid", "--run", str(tmp_path / "run"), "--verdicts.judge", "judges_of_mine.none")
    told = refused(capsys, *words)
    assert "steps.verdicts: judge.kind: judges_of_mine.none holds no judge" in told


def test_what_is_calibrated_is_the_judge_that_a_recipe_makes(capsys):
    words = ("rubric", "--count", "4", "--votes", "3", "--temperature", "0.7", "--show-gold", "True", "--blind", "True",
             "--json")  # fmt: skip
    assert main(["calibrate", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    made = make_judge(choose("rubric", votes=3, temperature=0.7, show_gold=True, blind=True), NOBODY, "", "judge")
    assert told["judge"].partition(" by ")[2].partition(", ")[2] == made.name.partition(" by ")[2].partition(", ")[2]
    assert told["judge"].endswith(", votes 3, temperature 0.7, show gold, blind")
    assert told["usage"]["calls"] == 4
    assert main(["judge", "--calibrate", *words]) == 0
    assert json.loads(capsys.readouterr().out) == told
    assert "votes is 2: facts has no such setting" in refused(capsys, "calibrate", "facts", "--votes", "2")
    # Outcome has none of these settings: what is left out is not set.
    assert main(["calibrate", "outcome", "--count", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["judge"] == make_judge(choose("outcome"), None, "", "judge").name


def test_the_help_of_judging_names_the_judges_and_points_to_calibration(capsys):
    assert main(["judge", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert all(name in told for name in ("outcome", "rubric", "sentences", "facts", "rating", "review"))
    assert "`seewhy calibrate` tells what a judge is worth" in told
