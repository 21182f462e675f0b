"""A model is asked as its settings say, and what is trained from it carries them."""

from pathlib import Path

import pytest
from families_plain import PLAIN
from families_tiles import TILES
from family_parts import Family

from seewhy.model.families.hub import HubModel
from seewhy.model.prompt_plan import PromptPlan
from seewhy.model.weights import weights_place
from seewhy.records.types import Gold, MatchRule, Question, Split, Style
from seewhy.runs.machine import ModelSpec

QUESTION = Question(id="q", benchmark="b", split=Split.TEST, text="Sum?", facets={},
                    gold=Gold(answers=("1",), rule=MatchRule.EXACT))  # fmt: skip
CHOICE = Question(id="c", benchmark="b", split=Split.TEST, text="Which?", options=("x", "y"), facets={},
                  gold=Gold(answers=("A",), rule=MatchRule.LETTER))  # fmt: skip
PLAN = PromptPlan(system='Say "why".', thinking="off", reason_short="Think. Then write Answer: X",
                  direct_letter="The letter alone.")  # fmt: skip
FAMILIES: dict[str, Family] = {family.name: family for family in (*PLAIN, *TILES)}


def asked(model: HubModel, question: Question = QUESTION, style: Style = Style.REASON) -> str:
    return model.tokenizer.decode(model.prompt(question, style).ids)


@pytest.mark.parametrize("name", ["llava", "smolvlm"])
def test_system_text_and_words_stand_in_the_prompt_and_are_saved_with_the_model(name: str, tmp_path: Path):
    FAMILIES[name].make().save(tmp_path / "own")
    usual, model = (HubModel.load(tmp_path / "own", prompt=plan) for plan in (PromptPlan(), PLAN))
    assert asked(usual).count("Say") == 0
    assert asked(model).index('Say "why".') < asked(model).index("Sum?")
    assert "Sum?\nThink. Then write Answer: X" in asked(model)
    assert "The letter alone." in asked(model, CHOICE, Style.DIRECT)
    assert asked(model, QUESTION, Style.DIRECT).count("short answer") == asked(usual, QUESTION, Style.DIRECT).count(
        "short answer"
    )
    model.save(tmp_path / "saved")
    again = HubModel.load(tmp_path / "saved")
    assert again.prompt(QUESTION, Style.REASON).ids == model.prompt(QUESTION, Style.REASON).ids
    assert again.processor_fingerprint == model.processor_fingerprint != usual.processor_fingerprint


def test_models_that_differ_in_their_system_text_alone_share_no_prompts_and_no_reference():
    usual, brief = (
        HubModel.load(weights_place("tiny"), prompt=PromptPlan(system=words)) for words in ("", "Be brief.")
    )
    assert brief.processor_fingerprint != usual.processor_fingerprint
    assert brief.fingerprint != usual.fingerprint


def test_a_template_of_ones_own_sees_thinking(tmp_path: Path):
    own = tmp_path / "own.jinja"
    own.write_text("{{ 'on ' if enable_thinking else 'off ' }}"
                   "{% for m in messages %}{% for part in m['content'] %}{{ part['text'] }}{% endfor %}"
                   "{% if m['role'] == 'assistant' %}<end>{% endif %}{% endfor %}"
                   "{% if add_generation_prompt %}:{% else %}{% endif %}")  # fmt: skip
    place = weights_place("tiny")
    for thinking in ("on", "off"):
        model = HubModel.load(place, prompt=PromptPlan(template=str(own), thinking=thinking))
        assert asked(model).removeprefix("<start>").startswith(f"{thinking} ")


@pytest.mark.parametrize(("name", "field"), [("size.longest", "size.shortest_edge"), ("do_nothing", "do_resize")])
def test_a_setting_that_an_image_processor_does_not_have_is_refused_with_those_that_it_has(name, field):
    with pytest.raises(ValueError, match=rf"prompt\.processor\.{name}: .*{field}"):
        HubModel.load(weights_place("tiny"), prompt=PromptPlan(processor={name: 1}))


def test_settings_of_prompts_are_of_weights_and_headers_of_servers():
    with pytest.raises(ValueError, match="prompt is of models with weights"):
        ModelSpec(base_url="http://127.0.0.1:1/v1", model="m", prompt=PLAN)
    with pytest.raises(ValueError, match="headers and query are of models behind a server"):
        ModelSpec(path="tiny", headers={"api-key": "KEY"})
    with pytest.raises(ValueError, match=r"no-such\.jinja is no file"):
        PromptPlan(template="no-such.jinja")
