"""Options set fields of a recipe as its file would: by dots and dashes, several at once, refused by their names."""

import pytest

from seewhy.cli.options import take_flag, take_one, take_option, take_whole, with_options
from seewhy.cli.run import SHORTCUTS, recipe_of
from seewhy.recipes.inkgrid import recipe as inkgrid
from seewhy.runs.recipe_text import build_recipe, plain_of

PLAIN = {
    "name": "mine",
    "seed": 0,
    "models": {"base": {"path": "tiny"}},
    "steps": {
        "sft": {"stage": "train", "fit": {"learning_rate": 0.1, "save_every": 20}, "data": {"my-rows": 1.0}},
        "pairs": {"stage": "pair", "rule": {"kind": "by_outcome", "most": 3}},
        "test": {"stage": "evaluate", "models": ["base"]},
    },
}


def sft(*words: str) -> object:
    return with_options(PLAIN, words)["steps"]["sft"]


@pytest.mark.parametrize(
    "words",
    [
        ("--sft.fit.learning-rate", "2e-5"), ("--sft.fit.learning-rate=2e-5",), ("--sft.fit.learning_rate", "2e-5"),
        ("--set", "sft.fit.learning-rate=2e-5"), ("--set", "sft.fit.learning_rate=2e-5"),
    ],
)  # fmt: skip
def test_a_field_is_set_whichever_way_it_is_said(words):
    assert sft(*words)["fit"] == {"learning_rate": "2e-5", "save_every": 20}
    assert PLAIN["steps"]["sft"]["fit"]["learning_rate"] == 0.1


def test_a_value_may_hold_an_equals_sign_a_dash_or_nothing():
    assert sft("--sft.note=a=b")["note"] == "a=b"
    assert sft("--set", "sft.note=a=b")["note"] == "a=b"
    assert sft("--sft.note", "-1")["note"] == "-1"
    assert sft("--sft.note=")["note"] == ""


def test_a_field_without_a_value_is_on_and_with_no_before_it_is_off():
    assert sft("--sft.careful")["careful"] is True
    assert sft("--sft.no-careful", "--sft.fit.no-save-early") == {
        **PLAIN["steps"]["sft"], "careful": False, "fit": {**PLAIN["steps"]["sft"]["fit"], "save_early": False},
    }  # fmt: skip


def test_no_before_a_list_leaves_it_empty_and_a_list_of_nothing_names_both_ways_to_ask_for_none():
    recipe, _ = build_recipe(with_options(plain_of(inkgrid()), ["--test.no-blind"]), "mine")
    assert recipe.steps["test"].blind == ()
    for words in (["--test.blind"], ["--test.blind="], ["--test.blind", "none"], ["--test.blind", "[]"]):
        with pytest.raises(ValueError, match=r"steps.test.blind: .*\[\] in a recipe, or --no-"):
            build_recipe(with_options(plain_of(inkgrid()), words), "mine")


@pytest.mark.parametrize("name", ["seed", "sft.fit.learning-rate", "base.path", "mpo.no-start"])
def test_a_field_that_is_neither_a_switch_nor_a_list_needs_a_value(name):
    with pytest.raises(ValueError, match="needs a value; give"):
        build_recipe(with_options(plain_of(inkgrid()), [f"--{name}"]), "mine")


def test_several_values_are_a_list_up_to_the_next_option():
    steps = with_options(PLAIN, ["--test.models", "base", "sft", "--sft.fit.epochs", "2"])["steps"]
    assert steps["test"]["models"] == ["base", "sft"]
    assert steps["sft"]["fit"]["epochs"] == "2"


def test_a_later_option_wins():
    assert sft("--sft.fit.epochs", "2", "--set", "sft.fit.epochs=3")["fit"]["epochs"] == "3"


def test_a_key_that_is_there_with_a_dash_keeps_it():
    assert sft("--sft.data.my-rows", "0.5")["data"] == {"my-rows": "0.5"}


def test_a_lone_value_of_a_choice_is_its_kind_and_another_kind_takes_no_settings_over():
    same = with_options(PLAIN, ["--pairs.rule", "by_outcome"])["steps"]["pairs"]
    other = with_options(PLAIN, ["--pairs.rule", "by_score"])["steps"]["pairs"]
    assert same["rule"] == {"kind": "by_outcome", "most": 3}
    assert other["rule"] == {"kind": "by_score"}
    assert with_options(PLAIN, ["--pairs.rule.most", "5"])["steps"]["pairs"]["rule"]["most"] == "5"


def test_models_fields_of_the_recipe_and_the_machine_are_set_too():
    found = with_options(
        PLAIN, ["--base.path", "mine", "--name", "yours", "--machine.pace.tries", "3", "--workers", "2"], SHORTCUTS
    )
    assert found["models"]["base"] == {"path": "mine"}
    assert found["name"] == "yours"
    assert found["machine"] == {"pace": {"tries": "3"}, "workers": "2"}


def test_shortcuts_stand_for_longer_options_in_a_real_recipe():
    recipe, machine = recipe_of("inkgrid", ["--workers", "3", "--threads=2", "--dollars", "1.5", "--allow-blind"])
    assert recipe == inkgrid() or plain_of(recipe) == plain_of(recipe_of("inkgrid", [])[0])
    assert (machine.workers, machine.threads, machine.spend.dollars) == (3, 2, 1.5)
    assert machine.canary.allow_blind


@pytest.mark.parametrize(
    ("words", "facts"),
    [
        (["--stf.fit.epochs", "2"], ("--stf.fit.epochs", "no step 'stf'", "did you mean 'sft'?")),
        (["--set", "stf.fit.epochs=2"], ("stf.fit.epochs", "did you mean 'sft'?")),
        (["--zzz", "2"], ("--zzz", "sft", "pairs", "base", "machine")),
        (["--set", "sft.fit.epochs"], ("--set", "step.field=value")),
        (["--set"], ("--set", "step.field=value")),
        (["sft.fit.epochs", "2"], ("'sft.fit.epochs' is no option",)),
        (["-v"], ("'-v' is no option",)),
    ],
)
def test_a_word_that_is_no_option_is_named_with_what_was_meant(words, facts):
    with pytest.raises(ValueError, match=r".") as caught:
        with_options(PLAIN, words)
    assert all(fact in str(caught.value) for fact in facts), str(caught.value)


def test_options_are_taken_out_of_the_words_and_the_rest_is_left():
    words = ["--reuse", "a", "--x", "1", "--reuse=b", "--remake"]
    assert take_option(words, "--reuse") == (["a", "b"], ["--x", "1", "--remake"])
    assert take_flag(words, "--remake") == (True, words[:-1])
    assert take_one(["--run", "r", "x"], "--run") == ("r", ["x"])
    assert take_one(["x"], "--run") == ("", ["x"])
    assert take_whole(["--seed", "07"], "--seed") == (7, [])
    assert take_whole([], "--seed") == (None, [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--seed"], "--seed needs"), (["--seed", "-1"], "--seed needs a whole number"),
        (["--seed=one"], "--seed needs a whole number, .* 'one'"), (["--seed="], "--seed needs"),
        (["--seed", "--run", "here"], "--seed needs a whole number"),
        (["--seed", "1", "--seed", "2"], "--seed is given 2 times"),
    ],
)  # fmt: skip
def test_an_option_that_wants_a_whole_number_takes_no_other_word(words, told):
    with pytest.raises(ValueError, match=told):
        take_whole(words, "--seed")
