"""Every family: the same class trains, samples and scores it, and never another distribution than its own."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families import FAMILIES, Family
from keeping import KEEP_ALL, keeping
from untrained import picture, question, responses

from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.packed.group import Group, crossing_of
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.packed.trials import check_head, check_paths
from seewhy.model.vision.feature_cache import FeatureCache
from seewhy.records.types import Question, Response, Style

# PaliGemma's processor turns arrays into arrays in a way that numpy means to drop.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
NAMES = [family.name for family in FAMILIES]
GREEDY = SamplingParams(max_tokens=12, temperature=0.0)


@pytest.fixture(scope="module", params=FAMILIES, ids=NAMES)
def family(request: pytest.FixtureRequest) -> Family:
    return request.param


@pytest.fixture(scope="module")
def model(family: Family) -> HubModel:
    return family.make()


SHAPES = ((48, 48), (40, 90), (120, 60), (60, 64))
"""Heights and widths in pixels: families that cut pictures by their shape make of each another number of tokens."""


def asking(folder: Path, number: int, pictures: int) -> Question:
    shapes = [SHAPES[(number + place) % len(SHAPES)] for place in range(pictures)]
    return question(number, *(picture(folder, 10 * number + place, *shape) for place, shape in enumerate(shapes)))


def mixed(model: HubModel, family: Family, folder: Path) -> list[Group]:
    """Prompts of different lengths, with and without pictures, and responses of different lengths."""
    counts = [count for count in family.pictures if count < 5]
    return [
        Group(
            prompt=model.prompt(asking(folder, number, count), Style.REASON), responses=responses((3, 12), seed=number)
        )
        for number, count in enumerate(counts)
    ]


def test_packed_rows_equal_separate_rows_or_are_refused(model: HubModel, family: Family, tmp_path: Path) -> None:
    check = check_paths(model.net, mixed(model, family, tmp_path), value_tolerance=1e-5, gradient_tolerance=1e-4)
    assert check.is_packed is family.is_packed, check.why
    if not family.is_packed:
        assert check.why.startswith("packed rows ")
        assert check.path is ScorePath.CONTINUED
        assert check.why.endswith("; running each prompt once and its replies after it")


def test_the_path_taken_is_the_one_that_is_right(model: HubModel, family: Family, tmp_path: Path) -> None:
    prompts = [model.prompt(asking(tmp_path, 1, count), Style.REASON) for count in family.pictures[:2]]
    assert model.path_of(prompts) is (ScorePath.PACKED if family.is_packed else ScorePath.CONTINUED)


def test_a_prompt_holds_every_one_of_its_pictures(model: HubModel, family: Family, tmp_path: Path) -> None:
    response = Response(text="The digits are 3, 5 and 8.")
    lengths, scores = [], []
    for count in family.pictures:
        asked = asking(tmp_path, 1, count)
        lengths.append(len(model.prompt(asked, Style.REASON).ids))
        (((*scored,),),) = model.score([ScoreRequest(question=asked, style=Style.REASON, responses=(response,))])
        scores.append(scored)
    # LLaVA-OneVision tiles a picture that is alone, and takes several whole: one may have more tokens than two.
    assert len(set(lengths)) == len(lengths)
    assert lengths[0] == min(lengths)
    assert len({tuple(scored) for scored in scores}) == len(scores)


def test_what_is_blind_is_not_what_is_seen_or_is_refused(model: HubModel, family: Family, tmp_path: Path) -> None:
    asked, response = asking(tmp_path, 1, 1), Response(text="The digits are 3, 5 and 8.")
    ask = ScoreRequest(question=asked, style=Style.REASON, responses=(response,))
    if 0 not in family.pictures:
        with pytest.raises(ValueError, match=f"^question {asked.id}: .* cannot encode its prompt with 0 pictures"):
            model.score([replace(ask, blind=True)])
        return
    seen, blind = (torch.tensor(model.score([each])[0][0]) for each in (ask, replace(ask, blind=True)))
    assert (seen - blind).abs().max() > 1e-3


def test_another_picture_of_the_same_size_is_another_score(model: HubModel, family: Family, tmp_path: Path) -> None:
    response = Response(text="The digits are 3, 5 and 8.")
    asks = [
        ScoreRequest(question=question(1, picture(tmp_path, number)), style=Style.REASON, responses=(response,))
        for number in (1, 2)
    ]
    one, other = (torch.tensor(rows[0]) for rows in model.score(asks))
    assert (one - other).abs().max() > 1e-3


def test_chains_score_as_they_were_drawn(model: HubModel, family: Family, tmp_path: Path) -> None:
    asks = [GenerateRequest(question=asking(tmp_path, number, count), style=Style.REASON, count=3)
            for number, count in enumerate(family.pictures[:3])]  # fmt: skip
    drawn = model.generate(asks, SamplingParams(max_tokens=10))
    if family.is_packed and family.is_drawn_packed:
        assert all(check.is_packed for check in model.draw_checks.values()), model.draw_checks
    scored = model.score([
        ScoreRequest(question=ask.question, style=ask.style,
                 responses=tuple(Response(text=chain.text, token_ids=chain.token_ids) for chain in chains))
        for ask, chains in zip(asks, drawn, strict=True)
    ])  # fmt: skip
    for chains, rows in zip(drawn, scored, strict=True):
        for chain, row in zip(chains, rows, strict=True):
            assert chain.logprobs == pytest.approx(row, abs=1e-4)


def test_a_drawn_chain_is_trained_on_by_the_ids_it_was_drawn_as(
    model: HubModel, family: Family, tmp_path: Path
) -> None:
    asks = [GenerateRequest(question=asking(tmp_path, 2, 1), style=Style.REASON, count=2)]
    for chain in model.generate(asks, SamplingParams(max_tokens=10))[0]:
        drawn = Response(text=chain.text, token_ids=chain.token_ids)
        assert model.response_ids(drawn) == chain.token_ids
        assert "".join(model.pieces(drawn.token_ids or ())).strip() == chain.text
    words = "The digits are 3, 5 and 8. ### Answer: 16"
    ids = model.response_ids(Response(text=words))
    assert model.tokenizer.decode(ids, skip_special_tokens=True) == words


def test_features_of_pictures_that_are_kept_change_no_score(family: Family, tmp_path: Path) -> None:
    cache = FeatureCache(KEEP_ALL)
    model = keeping(family.make, cache)
    response = Response(text="The digits are 3, 5 and 8.")
    asks = [ScoreRequest(question=asking(tmp_path, number, count), style=Style.REASON, responses=(response,))
            for number, count in enumerate(family.pictures)]  # fmt: skip
    expected = model.score(asks)
    with model.image_features.assume_frozen():
        found = [model.score([ask]) for ask in (*asks, *asks)]
    assert (cache.held_bytes > 0) is family.keeps_features
    for ((row,),), (wanted,) in zip(found, (*expected, *expected), strict=True):
        assert row == pytest.approx(wanted, abs=1e-5)


def test_chains_are_drawn_by_branches_only_where_branches_draw_what_separate_rows_score(
    family: Family, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = family.make()
    model.generate([GenerateRequest(question=asking(tmp_path, 1, 1), style=Style.REASON)], GREEDY)
    if not family.is_packed:
        assert not model.draw_checks
        return
    check = model.draw_checks[True]
    assert check.is_packed is family.is_drawn_packed
    if not family.is_drawn_packed:
        assert check.why.startswith("chains drawn by branches differ from separate rows (log-probability by ")
        assert [record.message for record in caplog.records] == [f"{family.name}: {check.why}"]


def test_log_probabilities_are_those_of_the_nets_own_logits(model: HubModel, family: Family, tmp_path: Path) -> None:
    response = tuple(model.response_ids(Response(text="The digits are 3, 5 and 8.")))
    group = Group(prompt=model.prompt(asking(tmp_path, 1, 1), Style.REASON), responses=(response,))
    check_head(model.net, group, tolerance=1e-5)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_greedy_chains_are_those_of_generate(model: HubModel, family: Family, tmp_path: Path, place: int) -> None:
    asked = asking(tmp_path, 3, family.pictures[place])
    prompt = model.prompt(asked, Style.REASON)
    (((chain),),) = model.generate([GenerateRequest(question=asked, style=Style.REASON)], GREEDY)
    start = torch.tensor([prompt.ids])
    token_type_ids = {name: torch.tensor([row]) for name, row in prompt.token_type_ids.items()}
    told = model.net.generate(
        input_ids=start, attention_mask=torch.ones_like(start), do_sample=False, max_new_tokens=GREEDY.max_tokens,
        suppress_tokens=list(model.banned()), **token_type_ids, **prompt.pictures,
        **crossing_of(prompt, len(prompt.ids)),
    )[0, len(prompt.ids) :]  # fmt: skip
    assert list(chain.token_ids or ()) == told.tolist()


def test_a_saved_model_opens_as_the_same(model: HubModel, tmp_path: Path) -> None:
    asks = [ScoreRequest(question=asking(tmp_path, 1, 1), style=Style.REASON, responses=(Response(text="16"),))]
    model.save(tmp_path / "saved")
    again = HubModel.load(tmp_path / "saved")
    assert again.fingerprint == model.fingerprint
    assert again.score(asks) == model.score(asks)
