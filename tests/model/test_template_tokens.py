"""Prompts and text replies are the tokens of the chat template's own rendering; words of users stay words."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families import FAMILIES, Family
from family_parts import chat_of
from tokenizers.processors import TemplateProcessing
from untrained import GREEDY, picture, question, untrained_model

from seewhy.model.api import GenerateRequest, Prefix, SamplingParams, ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.loading.control_tokens import special_tokens
from seewhy.model.prompts import prompt_text
from seewhy.model.vision.pictures import picture_files
from seewhy.records.types import Question, Response, Style

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
REPLY = "The digits are 3, 5 and 8. ### Answer: 16"
SPACED = chat_of("<image>").replace("'<assistant>' }}{% if", "'<assistant>' }}{% if message['role'] == 'assistant' %} "
                                    "{% endif %}{% if")  # fmt: skip
THINKS = chat_of("<image>").replace("%}<assistant>{", "%}<assistant>Think: {")
TRIMS = chat_of("<image>").replace("else part['text'] }}", "else part['text'] | trim }}")


@pytest.fixture(scope="module", params=[False, True], ids=["", "with BOS"])
def has_bos(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="module", params=FAMILIES, ids=[family.name for family in FAMILIES])
def family(request: pytest.FixtureRequest) -> Family:
    return request.param


@pytest.fixture(scope="module")
def model(family: Family, has_bos: bool) -> HubModel:
    model = family.make()
    if has_bos:
        put_first(model)
    return model


def put_first(model: HubModel) -> None:
    """Let the tokenizer begin each text with <start>, as Llama's begins it with <s>."""
    words = model.tokenizer
    words.backend_tokenizer.post_processor = TemplateProcessing(
        single="<start> $A", special_tokens=[("<start>", words.convert_tokens_to_ids("<start>"))]
    )


def templated(template: str) -> HubModel:
    """A tiny LLaVA under another chat template."""
    processor = untrained_model().processor
    processor.chat_template = template
    return HubModel(untrained_model().net, processor, "untrained")


def own_ids(model: HubModel, asked: Question, reply: str = "") -> tuple[int, ...]:
    """The processor's own tokens of the conversation."""
    images = [file.open() for file in picture_files(asked)]
    words = {"type": "text", "text": prompt_text(asked, Style.REASON)}
    turns = [{"role": "user", "content": [*({"type": "image", "image": image} for image in images), words]}]
    if reply:
        turns.append({"role": "assistant", "content": [{"type": "text", "text": reply}]})
    made = model.processor.apply_chat_template(
        turns, add_generation_prompt=not reply, tokenize=True, return_dict=True, return_tensors="pt"
    )
    return tuple(made["input_ids"][0].tolist())


@pytest.mark.parametrize("place", [0, 1])
def test_prompt_and_reply_are_the_tokens_of_the_processors_own_conversation(
    model: HubModel, family: Family, has_bos: bool, tmp_path: Path, place: int
) -> None:
    asked = question(1, *(picture(tmp_path, number) for number in range(family.pictures[place])))
    prompt = model.prompt(asked, Style.REASON).ids
    first = model.tokenizer.convert_tokens_to_ids("<start>")
    assert prompt == own_ids(model, asked)
    assert prompt[0] == first or not has_bos
    reply = model.response_ids(Response(text=REPLY))
    if family.name.startswith("paligemma"):  # its processor ends every text with a line break
        assert (*prompt[:-1], *reply, prompt[-1]) == own_ids(model, asked, REPLY)
    else:
        assert (*prompt, *reply) == own_ids(model, asked, REPLY)
    assert reply[-1] in model.replies.ends
    assert first not in reply


def test_special_tokens_that_users_type_are_text(model: HubModel, family: Family, tmp_path: Path) -> None:
    typed = " ".join(special_tokens(model.tokenizer))
    plain = question(1, *(picture(tmp_path, number) for number in range(family.pictures[1])))
    plain = replace(plain, options=("3", "5"))
    seen = model.prompt(plain, Style.REASON)
    specials = set(model.tokenizer.convert_tokens_to_ids(special_tokens(model.tokenizer)))
    for asked in (replace(plain, text=plain.text + typed), replace(plain, options=("3", typed))):
        prompt = model.prompt(asked, Style.REASON)
        assert [token for token in prompt.ids if token in specials] == [
            token for token in seen.ids if token in specials
        ]
        assert typed in model.tokenizer.decode(prompt.ids)
        assert {name: len(row) for name, row in prompt.token_type_ids.items()} == dict.fromkeys(
            seen.token_type_ids, len(prompt.ids)
        )
    ids = model.response_ids(Response(text=f"It is {typed} here."))
    assert [token for token in ids if token in specials] == [ids[-1]]
    assert model.tokenizer.decode(ids[:-1]) == f"It is {typed} here."
    ask = ScoreRequest(question=plain, style=Style.REASON, responses=(Response(text=f"It is {typed} here."),))
    assert len(model.score([ask])[0][0]) == len(ids)


def test_the_first_token_stands_once_where_the_template_writes_it_too() -> None:
    model = next(family for family in FAMILIES if family.name == "llava").make()
    put_first(model)
    plain, reply = model.prompt(question(0), Style.REASON).ids, model.response_ids(Response(text=REPLY))
    first = model.tokenizer.convert_tokens_to_ids("<start>")
    assert (plain[0], plain.count(first)) == (first, 1)
    model.processor.chat_template = "{{ bos_token }}" + model.processor.chat_template
    again = HubModel(model.net, model.processor, "llava")
    assert again.prompt(question(0), Style.REASON).ids == plain
    assert again.response_ids(Response(text=REPLY)) == reply


def test_what_the_template_writes_before_a_reply_is_a_part_of_it() -> None:
    model = templated(SPACED)
    plain = untrained_model().response_ids(Response(text=f" {REPLY}"))
    assert model.response_ids(Response(text=REPLY)) == plain
    asked = question(0)
    assert (*model.prompt(asked, Style.REASON).ids, *plain) == own_ids(model, asked, REPLY)
    begun = model._begun(GenerateRequest(question=asked, style=Style.REASON, beginning=Prefix(text="The digits")))
    assert begun == plain[: len(begun)]
    assert model.tokenizer.decode(begun) == " The digits"


def test_a_reply_is_trimmed_where_the_template_trims_it() -> None:
    model = templated(TRIMS)
    assert model.response_ids(Response(text=f"  {REPLY} ")) == model.response_ids(Response(text=REPLY))


def test_a_generation_prompt_that_no_conversation_has_is_cut_and_drawn_with_the_chain(caplog) -> None:
    model, asked = templated(THINKS), question(0)
    assert "does not begin with its generation prompt: a prompt ends before 'Think: '" in caplog.text
    prompt, whole = model.prompt(asked, Style.REASON), own_ids(model, asked)
    assert (*prompt.ids, *model.response_ids(Response(text=REPLY))) == own_ids(model, asked, REPLY)
    assert (*prompt.ids, *model.replies.leftover) == whole
    (((chain),),) = model.generate([GenerateRequest(question=asked, style=Style.REASON)], GREEDY)
    start = torch.tensor([whole])
    told = model.net.generate(
        input_ids=start, attention_mask=torch.ones_like(start), do_sample=False, max_new_tokens=GREEDY.max_tokens,
        suppress_tokens=list(model.banned()),
    )[0].tolist()  # fmt: skip
    assert [*prompt.ids, *(chain.token_ids or ())] == told
    assert model.response_ids(Response(text=chain.text, token_ids=chain.token_ids)) == chain.token_ids


def test_a_template_that_writes_no_replies_is_refused() -> None:
    with pytest.raises(ValueError, match="untrained: its chat template does not write the assistant's replies"):
        templated("{% for m in messages %}{% if m['role'] == 'user' %}?{% endif %}{% endfor %}")


def test_ids_that_spell_another_text_are_refused_with_the_question() -> None:
    model = untrained_model()
    ids = model.response_ids(Response(text="16"))
    assert model.response_ids(Response(text=" 16 ", token_ids=ids)) == ids
    strange = Response(text="The sum is 16.", token_ids=ids)
    with pytest.raises(ValueError, match=r"text is 'The sum is 16\.', and its token ids spell '16' here"):
        model.response_ids(strange)
    with pytest.raises(ValueError, match=r"^question q0: a response's text is"):
        model.score([ScoreRequest(question=question(0), style=Style.REASON, responses=(strange,))])


def test_prompt_and_reply_together_fit_the_context_or_are_refused() -> None:
    model, asked = untrained_model(), question(5)
    room = 512 - len(model.prompt(asked, Style.REASON).ids)
    fits = Response(text="zq" * ((room - 1) // 2))
    count = len(model.response_ids(fits))
    assert count <= room
    ask = ScoreRequest(question=asked, style=Style.REASON, responses=(fits,))
    assert len(model.score([ask])[0][0]) == count
    long = replace(ask, responses=(Response(text="zq" * room),))
    with pytest.raises(ValueError, match=r"question q5: its prompt has \d+ tokens and a reply \d+ and the model takes"):
        model.score([long])
    request = GenerateRequest(question=asked, style=Style.REASON)
    with pytest.raises(ValueError, match=rf"question q5: .* a reply {room + 1} and the model takes 512"):
        model.generate([request], SamplingParams(max_tokens=room + 1))
