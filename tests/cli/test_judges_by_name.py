"""A judge is named once, in a recipe or to `seewhy calibrate`, and made with the settings that it has."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import served_oracle
from seewhy.cli.judges import make_judge, require_judge
from seewhy.recipes.plans import JudgePlan, TeacherPlan
from served_oracle import bill_of, serve
from wired_runs import CHAINS, SAMPLED, pages, recipe_at, sampled_run

from seewhy.cli.main import main
from seewhy.endpoints.recording import RecordingClient
from seewhy.judging.facts import FactsJudge
from seewhy.judging.outcome import OutcomeJudge
from seewhy.judging.prompts.template import read_prompt
from seewhy.judging.rubric import RubricJudge
from seewhy.judging.sentences import SentenceJudge
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Outcome, Verdict

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
from seewhy.endpoints.chat import Talks


@dataclass(frozen=True, kw_only=True)
class StrictJudge:
    talks: Talks
    blind: bool = False

    @property
    def name(self):
        return f"strict by {self.talks.name}, blind {self.blind}"

    def judge(self, question, chains):
        graded = RubricJudge(talks=self.talks, blind=self.blind).judge(question, chains)
        return tuple(replace(verdict, judge=self.name) for verdict in graded)
"""


@pytest.fixture
def own_judges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules outside of seewhy, with a judge each."""
    folder = tmp_path / "path" / "judges_of_mine"
    folder.mkdir(parents=True)
    for name, text in {"short": SHORT, "strict": STRICT, "none": ""}.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "path")


def refused(capsys, *words: str) -> str:
    assert main(words) == 2
    return " ".join(capsys.readouterr().err.split())


def verdicts_of(run: Path) -> list[Verdict]:
    return list(read_rows(run / "judge" / "verdicts", Verdict))


@pytest.mark.parametrize(
    ("plan", "judge"),
    [
        (JudgePlan(), OutcomeJudge()),
        (JudgePlan(name="seewhy.judging.outcome"), OutcomeJudge()),
        (JudgePlan(name="rubric"), RubricJudge(talks=NOBODY)),
        (JudgePlan(name="rubric", votes=3, temperature=0.7, show_gold=True, blind=True),
         RubricJudge(talks=NOBODY, votes=3, temperature=0.7, show_gold=True, blind=True)),
        # It is always told the answer: what a plan leaves alone stays at the judge's own.
        (JudgePlan(name="sentences"), SentenceJudge(talks=NOBODY, show_gold=True)),
        (JudgePlan(name="facts", blind=True), FactsJudge(talks=NOBODY, blind=True)),
    ],
)  # fmt: skip
def test_a_judge_is_made_with_the_settings_of_its_plan_and_its_own_for_the_rest(plan, judge):
    assert make_judge(plan, NOBODY) == judge


def test_a_prompt_of_ones_own_takes_the_place_of_the_judge_s(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text('{{question}}\n<reply id="{{id}}">{{reply}}</reply>')
    judge = make_judge(JudgePlan(name="rubric", prompt=str(mine)), NOBODY)
    assert judge == RubricJudge(talks=NOBODY, wording=read_prompt(mine))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["votes", "3"], "--judge.votes 3: judge outcome has no such setting; it takes none"),
        (["model", "gpt"], "judge outcome asks no model: leave --judge.model and --judge.base-url away"),
        (["prompt", __file__], "judge outcome has no prompt: leave --judge.prompt away"),
        (["name", "sentences", "votes", "3"], "--judge.votes 3: judge sentences has no such setting; it takes "
         "--judge.show-gold, --judge.blind, --judge.prompt"),
        (["name", "facts", "show-gold"],
         "--judge.show-gold: judge facts has no such setting; it takes --judge.blind, --judge.prompt"),
        (["name", "rubric", "votes", "3"], "votes=3 at temperature 0 are one vote; set a temperature"),
        (["name", "rubric", "prompt", served_oracle.__file__], "lacks the slot {{id}}, {{question}}, {{reply}}"),
        (["name", "rubric", "prompt", "none.txt"], "--judge.prompt none.txt: no such file"),
        (["name", "versus"], "judge versus needs more than a model to talk to: the chains of another model"),
        (["name", "corrector"], "--judge.name: corrector rewrites chains and judges none"),
        (["name", "zzz"], "there is no judge 'zzz'; there are facts, outcome, rating, review, rubric, sentences."),
        (["name", "no.judge.of.mine"], "--judge.name: no module 'no.judge.of.mine' can be imported"),
    ],
)  # fmt: skip
def test_a_judge_that_could_not_be_made_stops_a_run_before_anything_is_made(words, told, tmp_path, capsys):
    options = [f"--judge.{word}" if place % 2 == 0 else word for place, word in enumerate(words)]
    server = ["--teacher.base-url", "http://127.0.0.1:9/v1", "--teacher.model", "m"]
    assert told in refused(capsys, "run", "inkgrid", "--run", str(tmp_path / "run"), *server, *options)
    assert not (tmp_path / "run").exists()


def test_a_judge_is_made_on_trial_before_a_run_and_asks_nobody_then():
    named = TeacherPlan(base_url="http://127.0.0.1:9/v1", model="m")
    require_judge(JudgePlan(name="rubric"), named)
    with pytest.raises(ValueError, match=r"votes=3 at temperature 0 are one vote"):
        require_judge(JudgePlan(name="rubric", votes=3), named)


@pytest.mark.usefixtures("own_judges")
def test_a_judge_of_ones_own_judges_a_run_by_its_dotted_path_with_its_model_and_settings(tmp_path, capsys):
    with serve(pages(tmp_path), tmp_path / "files") as server:
        judge = JudgePlan(name="judges_of_mine.strict", blind=True)
        run = sampled_run(tmp_path, replace(recipe_at(server.base_url), judge=judge))
        assert main(["judge", "--run", str(run)]) == 0
        bill = bill_of(server)["billed"]["calls"]
    verdicts = verdicts_of(run)
    assert (len(verdicts), sum(row.usage.calls for row in verdicts)) == (SAMPLED * CHAINS, bill)
    assert {row.judge for row in verdicts} == {"strict by oracle, blind True"}
    assert {row.outcome for row in verdicts} <= {Outcome.CORRECT, Outcome.INCORRECT}
    words = ("run", "inkgrid", "--run", str(tmp_path / "other"), "--judge.name", "judges_of_mine.strict")
    assert "--judge.votes 2: judge judges_of_mine.strict has no such setting; it takes --judge.blind" in refused(
        capsys, *words, "--judge.votes", "2"
    )
    assert "--teacher.base-url and --teacher.model name the server" in refused(capsys, *words)


@pytest.mark.usefixtures("own_judges")
def test_a_judge_of_ones_own_that_asks_nobody_needs_no_server(tmp_path):
    """The server that the recipe names is not there."""
    recipe = replace(recipe_at("http://127.0.0.1:9/v1"), judge=JudgePlan(name="judges_of_mine.short"))
    run = sampled_run(tmp_path, recipe)
    assert main(["judge", "--run", str(run)]) == 0
    lengths = [len(chain.text) for chain in read_rows(run / "sample" / "chains", Chain)]
    assert [row.score for row in verdicts_of(run)] == [-length for length in lengths]
    assert [row.outcome is Outcome.CORRECT for row in verdicts_of(run)] == [length <= 60 for length in lengths]


@pytest.mark.usefixtures("own_judges")
def test_a_module_without_a_judge_is_refused(tmp_path, capsys):
    words = ("run", "inkgrid", "--run", str(tmp_path / "run"), "--judge.name", "judges_of_mine.none")
    assert "--judge.name: judges_of_mine.none holds 0 judges and not one" in refused(capsys, *words)


def test_what_is_calibrated_is_the_judge_that_a_recipe_makes(capsys):
    words = ("rubric", "--count", "4", "--votes", "3", "--temperature", "0.7", "--show-gold", "--blind", "--json")
    assert main(["calibrate", *words]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["judge"].endswith(", votes 3, temperature 0.7, show gold, blind")
    assert told["usage"]["calls"] == 4
    assert main(["judge", "--calibrate", *words]) == 0
    assert json.loads(capsys.readouterr().out) == told
    assert "--votes 2: judge facts has no such setting; it takes --blind, --prompt" in refused(
        capsys, "calibrate", "facts", "--votes", "2"
    )


def test_the_help_of_judging_points_to_calibration(capsys):
    assert main(["judge", "--help"]) == 0
    assert "is told by `seewhy calibrate`" in " ".join(capsys.readouterr().out.split())
