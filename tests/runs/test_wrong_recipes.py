"""A recipe that does not hold together is refused before anything runs, with step, field and what would fit."""

from pathlib import Path

import pytest
from right_recipe import RIGHT

from seewhy.runs.graph import check
from seewhy.runs.open import require_steps
from seewhy.runs.recipe_text import find_recipe

RECIPE = (
    RIGHT
    + """\
  dpo: {stage: train, start: sft, data: {pairs: 1.0}, objective: {kind: dpo, beta: 0.1}, fit: {learning_rate: 1e-5}}
  test: {stage: evaluate, models: [base, sft, dpo], questions: questions.test}
  report: {stage: report}
"""
)
WRONG = {
    "a step's name": ("chains: chains}", "chains: chain}", "step verdicts", "field chains", "'chains'"),
    "a stage's name": ("stage: sample", "stage: sampel", "steps.chains", "'sampel'", "'sample'"),
    "a kind's name": ("by_outcome", "by_outcom", "steps.pairs.rule", "'by_outcom'", "'by_outcome'"),
    "a field's name": ("ask: 20", "asks: 20", "steps.chains", "'asks'", "'ask'"),
    "a setting's name": ("by_outcome", "by_outcome, margins: 2", "steps.pairs", "rule.margins", "lowest"),
    "a split's name": ("questions.test}", "questions.tests}", "step test", "field questions", "'questions.test'"),
    "a part's name": ("rationales.verdicts,", "rationales.verdict,", "step lessons", "'rationales.verdicts'"),
    "a field of the recipe": ("name: right", "name: right\nmodel: x", "'model'", "'models'"),
    "a field of the machine": ("name: right", "name: right\nmachine: {wokers: 3}", "machine", "'wokers'", "'workers'"),
    "a base": ("name: right", "name: right\nbase: inkgridd", "'inkgridd'", "'inkgrid'"),
    "no such rows": ("data: {pairs", "data: {later", "step dpo", "field data.later", "'later'"),
    "a model of rows": ("model: sft", "model: lessons", "step chains", "field model", "Lesson", "base, sft"),
    "rows of another kind": ("verdicts: verdicts", "verdicts: chains", "step pairs", "Chain", "rationales.verdicts"),
    "itself": ("start: sft", "start: dpo", "step dpo, field start", "comes later", "base, sft"),
    "a server to train": ("start: base", "start: server", "step sft, field start", "server", "base"),
    "weights that judge": ("judge, chains: chains", "judge, chains: chains, judge: rubric, model: sft", "step verdicts",
                           "field model", "server"),
    "nobody who judges": ("judge, chains: chains", "judge, chains: chains, judge: rubric", "steps.verdicts", "`model`"),
    "a model for a rule": ("judge, chains: chains", "judge, chains: chains, model: server", "verdicts", "outcome"),
    "pairs for SFT": ("{kind: dpo, beta: 0.1}", "sft", "step dpo, field data.pairs", "Pair", "lessons"),
    "examples for DPO": ("objective: sft", "objective: dpo", "step sft, field data.lessons", "Lesson", "Pair"),
    "no stage": ("{stage: report}", "{}", "steps.report", "'stage'"),
    "no start": ("start: sft, ", "", "steps.dpo", "'start'"),
    "no steps": ("steps:\n", "stepps:\n", "'stepps'", "'steps'"),
    "steps in a list": ("steps:\n", "steps: []\nmore:\n", "steps", "mapping"),
    "no data": ("{pairs: 1.0}", "{}", "steps.dpo", "data"),
    "a negative number": ("ask: 20", "ask: -1", "steps.chains", "ask", "-1"),
    "half a question": ("ask: 20", "ask: 2.5", "steps.chains.ask", "2.5", "line 8"),
    "a word for a number": ("ask: 20", "ask: many", "steps.chains.ask", "many", "line 8"),
    "nothing for a name": ("chains: chains}", "chains: null}", "steps.verdicts.chains"),
    "several for one": ("model: sft", "model: [sft, base]", "steps.chains.model"),
    "a model twice": ("[base, sft, dpo]", "[base, base]", "steps.test.models", "'base'", "twice"),
    "a word for a setting": ("beta: 0.1", "beta: yes", "step dpo", "objective.beta", "number", "yes"),
    "no number for a setting": ("beta: 0.1", "beta: .nan", "step dpo", "objective.beta", "nan"),
    "truth for a setting": ("beta: 0.1", "beta: true", "step dpo", "objective.beta", "number", "True"),
    "a setting below its range": ("beta: 0.1", "beta: -0.1", "step dpo", "objective", "beta", "-0.1"),
    "a share above one": ("by_outcome", "by_outcome, lowest: 2", "steps.pairs", "lowest", "2"),
    "a band upside down": ("by_outcome", "by_outcome, lowest: 0.9, highest: 0.2", "steps.pairs", "0.9", "0.2"),
    "a stream of no weight": ("{pairs: 1.0}", "{pairs: 0.0}", "steps.dpo", "data.pairs", "0.0"),
    "a rate of nothing": ("1e-5", "0", "steps.dpo.fit", "learning_rate"),
    "a rate in words": ("1e-5", "fast", "steps.dpo.fit.learning_rate", "fast", "line 11"),
    "an empty batch": ("1e-5", "1e-5, batch_size: 0", "steps.dpo.fit", "batch_size", "0"),
    "a cold temperature": ("ask: 20", "ask: 20, temperature: -1", "steps.chains", "temperature", "-1"),
    "a share of words": ("ask: 20", "ask: 20, top_p: 1.5", "steps.chains", "top_p", "1.5"),
    "a style": ("questions.test}", "questions.test, styles: [cot]}", "steps.test.styles", "cot", "reason"),
    "a file that is not there": ("kind: dpo", "kind: mine.py:Mine", "steps.dpo", "mine.py", "no such file"),
    "a module that is not there": ("kind: dpo", "kind: no.such.Thing", "dpo", "objective.kind", "PYTHONPATH"),
    "a seed below 0": ("name: right", "name: right\nseed: -3", "seed", "-3"),
    "a seed in words": ("name: right", "name: right\nseed: abc", "seed", "abc", "line 2"),
    "a name of two things": ("{base: {path", "{sft: {path: tiny}, base: {path", "step sft", "same name"),
    "a name with a dot": ("  chains:", "  cha.ins:", "'cha.ins'", "letters"),
    "a name that is a path": ("  chains:", "  a/b:", "'a/b'", "letters"),
    "a step twice": ("  report:", "  report: {stage: report}\n  report:", "line 14", "'report'", "twice"),
    "a tabulator": ("  chains:", "\tchains:", "line 8", "YAML"),
    "two documents": ("name: right", "---\nname: right\n---", "YAML"),
}  # fmt: skip
"""What is wrong, as a change of RECIPE: old text, new text, and the facts that the message holds."""


def checked(text: str, folder: Path) -> None:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    recipe, _ = find_recipe(str(path))
    check(recipe)
    require_steps(recipe)


def test_the_recipe_that_the_others_are_made_of_is_right(tmp_path: Path):
    checked(RECIPE, tmp_path)


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_recipe_is_refused_with_place_and_remedy(what: str, tmp_path: Path):
    old, new, *facts = WRONG[what]
    assert old in RECIPE
    with pytest.raises(ValueError) as error:  # noqa: PT011
        checked(RECIPE.replace(old, new, 1), tmp_path)
    missing = [fact for fact in facts if fact not in str(error.value)]
    assert not missing, str(error.value)
    assert "Traceback" not in str(error.value)
    assert "not supported between" not in str(error.value)


def test_each_fault_of_a_step_is_named_once(tmp_path: Path):
    with pytest.raises(ValueError) as error:  # noqa: PT011
        checked(RECIPE.replace("start: sft, data: {pairs: 1.0}", "start: later, data: {chains: 1.0}"), tmp_path)
    lines = str(error.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["step dpo, field data.chains", "step dpo, field start"]
