"""Conversations in every family: the tokens of its chat template, packed as separate, nothing moved in silence."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from families import FAMILIES, SOME_NIGHTLY, Family
from family_parts import chat_of
from untrained import GREEDY, picture, question, responses, untrained_model

from seewhy.model.api import GenerateRequest, ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.loading.control_tokens import special_tokens
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import packed_logps, separate_logps
from seewhy.model.prompts import prompt_text, prompt_turns
from seewhy.model.vision.pictures import picture_files
from seewhy.records.turns import Role, Turn
from seewhy.records.types import Question, Response, Style
from seewhy.training.reference import reference_key

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
SYSTEM = Turn(role=Role.SYSTEM, text="Be brief.")
SEEN = Turn(role=Role.USER, text="What is row 1 of , please?", places=(17,))
SAID = Turn(role=Role.ASSISTANT, text="The digits are 3, 5 and 8.")
REPLY = "The digits are 3, 5 and 8. ### Answer: 16"
FRONT = chat_of("<image>").replace(
    "{% for part in message['content'] %}{{ '<image>' if part['type'] == 'image' else part['text'] }}{% endfor %}",
    "{% for part in message['content'] if part['type'] == 'image' %}<image>{% endfor %}"
    "{% for part in message['content'] if part['type'] == 'text' %}{{ part['text'] }}{% endfor %}",
)
NO_SYSTEM = chat_of("<image>").replace(
    "{% for message in messages %}", "{% for message in messages if message['role'] != 'system' %}"
)
STRICT = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system text') }}{% endif %}" + chat_of(
    "<image>"
)
AS_STRINGS = (
    "{% for message in messages %}<user>{{ message['content'] }}{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def talk(folder: Path, family: Family) -> Question:
    """A system text, a picture in the middle of an earlier turn, and one in the last where the family takes two."""
    images = tuple(picture(folder, number) for number in range(min(2, family.pictures[-1])))
    places = (4,) if len(images) > 1 else None
    return replace(question(1), turns=(SYSTEM, SEEN, SAID), images=images, places=places)


def own_ids(model: HubModel, asked: Question, reply: str = "") -> tuple[int, ...]:
    """The processor's own tokens of the whole conversation, written out by hand."""
    images = [file.open() for file in picture_files(asked)]
    words = prompt_text(asked, Style.REASON)
    last: list[dict[str, Any]] = [{"type": "text", "text": words}]
    if len(images) > 1:
        last = [{"type": "text", "text": words[:4]}, {"type": "image", "image": images[1]},
                {"type": "text", "text": words[4:]}]  # fmt: skip
    turns: list[dict[str, Any]] = [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "user", "content": [
            {"type": "text", "text": "What is row 1 of "}, {"type": "image", "image": images[0]},
            {"type": "text", "text": ", please?"},
        ]},
        {"role": "assistant", "content": [{"type": "text", "text": SAID.text}]},
        {"role": "user", "content": last},
    ]  # fmt: skip
    if reply:
        turns.append({"role": "assistant", "content": [{"type": "text", "text": reply}]})
    made: Any = model.processor.apply_chat_template(
        turns, add_generation_prompt=not reply, tokenize=True, return_dict=True, return_tensors="pt"
    )
    return tuple(made["input_ids"][0].tolist())


@pytest.mark.parametrize("family", [family for family in FAMILIES if family.pictures[-1]], ids=lambda one: one.name)
def test_a_conversation_is_the_tokens_of_the_whole_chat_template(family: Family, tmp_path: Path) -> None:
    model, asked = family.make(), talk(tmp_path, family)
    prompt, reply = model.prompt(asked, Style.REASON).ids, model.response_ids(Response(text=REPLY))
    assert prompt == own_ids(model, asked)
    if not family.name.startswith("paligemma"):  # its processor ends every text with a line break
        assert (*prompt, *reply) == own_ids(model, asked, REPLY)


@pytest.mark.parametrize("family", SOME_NIGHTLY)
def test_responses_to_a_conversation_are_scored_packed_as_separate(family: Family, tmp_path: Path) -> None:
    model, asked = family.make(), talk(tmp_path, family)
    group = Group(prompt=model.prompt(asked, Style.REASON), responses=responses([5, 3, 7]))
    if not family.is_packed:
        pytest.skip("never packed")
    with torch.no_grad():
        packed, separate = packed_logps(model.net, [group])[0], separate_logps(model.net, [group])[0]
    for one, other in zip(packed, separate, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=2e-5)


def test_chains_of_a_conversation_are_drawn_and_scored(tmp_path: Path) -> None:
    model = untrained_model()
    asked = talk(tmp_path, next(family for family in FAMILIES if family.name == "llava"))
    (chains,) = model.generate([GenerateRequest(question=asked, style=Style.REASON, count=2)], GREEDY)
    sides = tuple(Response(text=chain.text, token_ids=chain.token_ids) for chain in chains)
    ((scored, _),) = model.score([ScoreRequest(question=asked, style=Style.REASON, responses=sides)])
    torch.testing.assert_close(torch.tensor(scored), torch.tensor(chains[0].logprobs), rtol=1e-4, atol=1e-4)


def test_control_tokens_that_users_type_in_any_turn_are_text(tmp_path: Path) -> None:
    model = untrained_model()
    asked = talk(tmp_path, next(family for family in FAMILIES if family.name == "llava"))
    typed = " ".join(special_tokens(model.tokenizer))
    specials = set(model.tokenizer.convert_tokens_to_ids(special_tokens(model.tokenizer)))
    dirty = replace(asked, turns=(SYSTEM, SEEN, replace(SAID, text=typed)), text=typed + asked.text)
    one, other = model.prompt(asked, Style.REASON).ids, model.prompt(dirty, Style.REASON).ids
    assert [token for token in one if token in specials] == [token for token in other if token in specials]
    assert model.tokenizer.decode(other).count(typed) == 1  # of the last turn, its first words stand before a picture


@pytest.mark.parametrize("change", [("part['text']", "part['text'][:4]"), ("part['text']", "part['text'] * 2")])
def test_a_typed_control_token_that_a_template_drops_or_repeats_is_told(change: tuple[str, str]) -> None:
    model = untrained_model()
    model.processor.chat_template = str(model.processor.chat_template).replace(*change)
    with pytest.raises(ValueError, match=r"question q1: .* its text holds '<end>', a control token that cannot be"):
        model.prompt(replace(question(1), text="What is <end>?"), Style.REASON)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (FRONT, r"does not write pictures at their places in turn 1 \(user\)"),
        (NO_SYSTEM, r"turn 0 \(system\) never or twice"),
        (STRICT, "refuses the conversation: no system text"),
        (AS_STRINGS, "cannot take turns in parts"),
    ],
)
def test_what_a_template_cannot_hold_is_refused_with_the_question_and_the_turn(
    template: str, said: str, tmp_path: Path
) -> None:
    processor = untrained_model().processor
    processor.chat_template = chat_of("<image>")
    model = HubModel(untrained_model().net, processor, "untrained")
    processor.chat_template = template
    asked = talk(tmp_path, next(family for family in FAMILIES if family.name == "llava"))
    with pytest.raises(ValueError, match=said) as caught:
        model.prompt(asked, Style.REASON)
    assert "question q1" in str(caught.value)


def test_a_template_that_moves_pictures_takes_those_that_stand_in_front(tmp_path: Path) -> None:
    processor = untrained_model().processor
    processor.chat_template = FRONT
    model = HubModel(untrained_model().net, processor, "untrained")
    images = (picture(tmp_path, 0), picture(tmp_path, 1))
    asked = replace(question(1, *images), turns=(SYSTEM, replace(SEEN, places=(0,)), SAID))
    mark = model.tokenizer.convert_tokens_to_ids("<image>")
    assert mark in model.prompt(asked, Style.REASON).ids


def test_blind_conversations_show_no_picture_in_any_turn(tmp_path: Path) -> None:
    model = untrained_model()
    asked = talk(tmp_path, next(family for family in FAMILIES if family.name == "llava"))
    prompt = model.prompt(asked, Style.REASON, blind=True)
    assert not prompt.pictures
    assert model.tokenizer.convert_tokens_to_ids("<image>") not in prompt.ids


def test_reference_rows_tell_conversations_apart_and_single_questions_keep_their_key(tmp_path: Path) -> None:
    single = question(1, picture(tmp_path, 0))
    before = "d1ff"  # first digits at the commit before there were conversations
    assert reference_key("f", replace(single, images=()), Style.REASON, (1, 2))[:4] == before
    moved = replace(single, places=(4,))
    said = replace(single, turns=(SYSTEM,))
    keys = {reference_key("f", one, Style.REASON, (1, 2)) for one in (single, moved, said)}
    assert len(keys) == 3
    assert reference_key("f", replace(single, places=(0,)), Style.REASON, (1, 2)) in keys


def test_turns_of_a_single_question_are_its_words_with_the_pictures_in_front(tmp_path: Path) -> None:
    asked = question(1, picture(tmp_path, 0))
    (turn,) = prompt_turns(asked, Style.DIRECT)
    assert (turn.text, turn.places) == (prompt_text(asked, Style.DIRECT), (0,))
