"""A stage, a judge and an objective in a folder of one's own take part in a run as those of the package do."""

import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from drawn_rows import oracle_chains
from outside_code import RECIPE, write_code

from seewhy.records.lineage import read_manifest
from seewhy.records.shards import count_rows, read_rows
from seewhy.records.types import Chain, Outcome, Verdict

WITHOUT_TRAINING = ["--until", "pairs"]


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own: a file is loaded once a process, and is edited between two here."""
    return subprocess.run([sys.executable, "-m", "seewhy.cli.main", *words], capture_output=True, text=True,
                          check=False, env={**os.environ, "COLUMNS": "200"})  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> SimpleNamespace:
    """A run, all steps of it, with the code beside it."""
    place = tmp_path_factory.mktemp("outside")
    code = write_code(place / "mine")
    recipe = place / "outside.yaml"
    judge, objective = f"{code['judge']}:Shortest", f"{code['objective']}:Bare"
    chains = oracle_chains(place)
    recipe.write_text(RECIPE.format(chains=chains, stage=code["stage"], judge=judge, objective=objective))
    done = command("run", str(recipe), "--run", str(place / "run"), "--workers", "1")
    assert done.returncode == 0, done.stderr
    return SimpleNamespace(place=place, code=code, recipe=recipe, run=place / "run", chains=chains, said=done.stdout)


@pytest.fixture
def copied(finished, tmp_path) -> SimpleNamespace:
    """The same run and code at another place, to be changed."""
    shutil.copytree(finished.place / "run", tmp_path / "run")
    code = {name: tmp_path / "mine" / path.name for name, path in finished.code.items()}
    shutil.copytree(finished.place / "mine", tmp_path / "mine")
    recipe = tmp_path / "outside.yaml"
    for file, source in ((recipe, finished.recipe), (tmp_path / "run" / "recipe.yaml", finished.run / "recipe.yaml")):
        file.write_text(source.read_text().replace(str(finished.place / "mine"), str(tmp_path / "mine")))
    return SimpleNamespace(place=tmp_path, code=code, recipe=recipe, run=tmp_path / "run")


def states_of(status: str) -> dict[str, str]:
    """Step to state, as `seewhy status` prints them."""
    return dict(re.findall(r"^ *([\w-]+) +(finished|stale|unfinished|waiting)\b", status, re.M))


def test_the_check_shows_what_outside_code_makes_and_reads(finished):
    told = command("recipe", "check", str(finished.recipe)).stdout.splitlines()
    assert "short: rows of Chain, from drawn" in told
    assert "verdicts: rows of Verdict, from short, questions.train" in told
    assert any(line.startswith("bare: a model with weights, from pairs, base") for line in told)


def test_a_stage_of_ones_own_maps_rows_and_counts(finished):
    drawn = list(read_rows(finished.chains, Chain))
    kept = list(read_rows(finished.run / "short", Chain))
    assert kept == [row for row in drawn if len(row.text) <= 400]
    assert read_manifest(finished.run / "short").counts["too long"] == len(drawn) - len(kept)


def test_a_judge_of_ones_own_decides_which_chain_is_chosen(finished):
    chains = {(row.question_id, row.index): row for row in read_rows(finished.run / "short", Chain)}
    verdicts = list(read_rows(finished.run / "verdicts", Verdict))
    assert {row.judge for row in verdicts} == {"shortest"}
    for row in verdicts:
        least = min(len(one.text) for key, one in chains.items() if key[0] == row.question_id)
        is_short = len(chains[row.question_id, row.index].text) == least
        assert (row.outcome is Outcome.CORRECT) == is_short
    assert count_rows(finished.run / "pairs") > 0


def test_an_objective_of_ones_own_trains_without_a_reference_with_its_setting(finished):
    logs = [json.loads(line) for line in (finished.run / "bare" / "steps.jsonl").read_text().splitlines()]
    assert logs
    assert all("bare" in log["terms"] for log in logs)
    assert (finished.run / "bare" / "model" / "config.json").is_file()
    assert not (finished.run / "bare" / "reference").exists()
    settings = json.loads((finished.run / "bare" / "_plan.json").read_text())["settings"]
    assert settings["objective"]["scale"] == 0.02


def test_its_facts_are_a_table_of_the_report(finished):
    page = (finished.run / "report" / "index.html").read_text()
    left_out = read_manifest(finished.run / "short").counts["too long"]
    assert "Short chains" in page
    row = page[page.index("Short chains") :].partition("</table>")[0]
    assert "chains left out" in row
    assert re.search(rf">\s*{left_out}\s*<", row)


def test_status_tells_its_steps_like_all_others(finished):
    assert states_of(command("status", str(finished.run)).stdout) == dict.fromkeys(
        ("questions", "short", "verdicts", "right", "pairs", "bare"), "finished"
    )


@pytest.mark.parametrize(
    ("part", "old", "new", "step", "followers"),
    [
        ("stage", "MOST = 400", "MOST = 399", "short", {"verdicts", "pairs", "bare"}),
        ("judge", "SLACK = 0", "SLACK = 1", "verdicts", {"pairs", "bare"}),
        ("objective", "SCALE = 0.01", "SCALE = 0.03", "bare", set()),
    ],
)
def test_a_changed_constant_makes_the_step_and_its_followers_stale_and_nothing_else(
    copied, part, old, new, step, followers
):
    text = copied.code[part].read_text()
    assert old in text
    copied.code[part].write_text(text.replace(old, new))
    told = command("status", str(copied.run)).stdout
    assert {name for name, state in states_of(told).items() if state == "stale"} == {step, *followers}
    assert re.search(rf"^{step} is stale: (stage|settings\.\w+\.source) is ", told, re.M)
    done = command("run", str(copied.recipe), "--run", str(copied.run), *WITHOUT_TRAINING)
    assert (done.returncode == 0) == (not followers)
    if followers:
        assert f"step {step}: " in done.stderr
        assert "--remake" in done.stderr


@pytest.mark.parametrize(
    ("option", "facts"),
    [
        (["--short.mots", "3"], ("steps.short.mots", "did you mean 'most'?")),
        (["--verdicts.judge.slak", "3"], ("verdicts", "slak", "did you mean 'slack'?")),
        (["--bare.objective.scales", "3"], ("bare", "scales", "did you mean 'scale'?")),
    ],
)
def test_a_setting_that_outside_code_does_not_have_is_refused_before_anything_runs(finished, tmp_path, option, facts):
    done = command("run", str(finished.recipe), "--run", str(tmp_path / "run"), *option)
    assert done.returncode == 2
    assert all(fact in done.stderr for fact in facts), done.stderr
    assert not (tmp_path / "run" / "questions").exists()


def test_a_file_that_is_not_there_is_named_with_its_step(finished, tmp_path):
    recipe = tmp_path / "gone.yaml"
    recipe.write_text(finished.recipe.read_text().replace("shorten.py", "gone.py"))
    done = command("recipe", "check", str(recipe))
    assert done.returncode == 2
    assert "steps.short" in done.stderr
    assert "gone.py: no such file" in done.stderr
