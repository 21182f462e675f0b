"""What an adapter is saved as: the merged model in plain Hugging Face format, and peft's own; both open again."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families import SOME_NIGHTLY, Family
from lora import MERGED, PLAN, adapted, grouped, logps, stirred
from peft import PeftModel
from transformers import AutoModelForImageTextToText
from untrained import untrained_model

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.adapter_files import require_effect
from seewhy.model.packed.scores import separate_logps
from seewhy.records.types import Response
from seewhy.runs.forecast.meta import open_meta

# PaliGemma's processor turns arrays into arrays in a way that numpy means to drop.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # peft itself asks for what transformers means to rename.
    pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning"),
]


@pytest.fixture(params=SOME_NIGHTLY)
def family(request: pytest.FixtureRequest) -> Family:
    return request.param


def test_the_merged_export_opens_with_and_without_seewhy_and_scores_as_the_adapter_did(
    family: Family, tmp_path: Path
) -> None:
    model = adapted(family)
    groups = grouped(model, tmp_path)
    before, weights = logps(model, groups), {name: w.clone() for name, w in model.net.state_dict().items()}
    model.save(tmp_path / "merged")
    assert all(torch.equal(weights[name], now) for name, now in model.net.state_dict().items())
    again = HubModel.load(tmp_path / "merged")
    assert not again.has_adapter
    assert (logps(again, groups) - before).abs().max() <= MERGED
    alone, report = AutoModelForImageTextToText.from_pretrained(tmp_path / "merged", output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    assert alone.dtype is torch.float32
    assert type(alone) is type(model.net)
    both = [separate_logps(net.eval(), groups) for net in (alone, again.net)]
    assert all(torch.equal(a, b) for one, other in zip(*both, strict=True) for a, b in zip(one, other, strict=True))


def test_peft_loads_the_saved_adapter_onto_the_base(family: Family, tmp_path: Path) -> None:
    model = family.make()
    base, groups = copy.deepcopy(model.net), grouped(model, tmp_path)
    model.adapt(PLAN)
    stirred(model).save_adapter(tmp_path / "adapter")
    loaded = PeftModel.from_pretrained(base, tmp_path / "adapter")
    found, expected = (separate_logps(net, groups) for net in (loaded.get_base_model(), model.net))
    for rows, others in zip(found, expected, strict=True):
        assert all(torch.equal(row, other) for row, other in zip(rows, others, strict=True))


def test_a_folder_with_an_adapter_opens_as_its_base_with_the_adapter(family: Family, tmp_path: Path) -> None:
    family.make().save(tmp_path / "base")
    model = HubModel.load(tmp_path / "base")
    groups = grouped(model, tmp_path)
    before = logps(model, groups)
    model.adapt(PLAN)
    stirred(model)
    model.save_adapter(tmp_path / "adapter")
    again = HubModel.load(tmp_path / "adapter", label="again")
    assert again.name == "again"
    assert again.has_adapter
    assert again.fingerprint == model.fingerprint
    assert torch.equal(logps(again, groups), logps(model, groups))
    with again.adapter_off():
        assert torch.equal(logps(again, groups), before)


def test_an_adapter_on_an_adapter_opens_as_both_on_the_base(tmp_path: Path) -> None:
    untrained_model().save(tmp_path / "base")
    place = tmp_path / "base"
    for name in ("first", "second"):
        model = HubModel.load(place)
        model.adapt(PLAN)
        stirred(model).save_adapter(tmp_path / name)
        place = tmp_path / name
    groups = grouped(model, tmp_path)
    again = HubModel.load(tmp_path / "second")
    assert torch.equal(logps(again, groups), logps(model, groups))
    with again.adapter_off():
        first = logps(HubModel.load(tmp_path / "first"), groups)
        assert (logps(again, groups) - first).abs().max() <= MERGED


@pytest.mark.parametrize("base", ["gone", ""])
def test_an_adapter_without_its_base_is_refused_with_the_place_to_mend(tmp_path: Path, base: str) -> None:
    untrained_model().save(tmp_path / "base")
    model = HubModel.load(tmp_path / "base")
    model.adapt(PLAN)
    model.save_adapter(tmp_path / "adapter")
    config = tmp_path / "adapter" / "adapter_config.json"
    wanted = str(tmp_path / base) if base else ""
    config.write_text(config.read_text().replace(str(tmp_path / "base"), wanted))
    words = r"its base '.*gone' cannot be opened" if base else r"names no base model"
    with pytest.raises(ValueError, match=rf"(?s)adapter.*{words}.*base_model_name_or_path"):
        HubModel.load(tmp_path / "adapter")


@pytest.mark.parametrize("plan", [PLAN, replace(PLAN, initial="pissa"), replace(PLAN, dora=True)])
def test_an_adapter_that_adds_nothing_is_refused_for_its_figures_would_be_its_bases(tmp_path: Path, plan) -> None:
    untrained_model().save(tmp_path / "base")
    model = HubModel.load(tmp_path / "base")
    model.adapt(plan)
    model.save_adapter(tmp_path / "adapter")
    opened = HubModel.load(tmp_path / "adapter")
    with pytest.raises(ValueError, match=rf"mine: the adapter adds nothing.*name {tmp_path}/base itself"):
        require_effect(opened.net, "mine")
    stirred(model).save_adapter(tmp_path / "adapter")
    require_effect(HubModel.load(tmp_path / "adapter").net, "mine")


def test_an_adapter_of_another_net_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    untrained_model().save(tmp_path / "base")
    model = HubModel.load(tmp_path / "base")
    model.adapt(PLAN)
    model.save_adapter(tmp_path / "adapter")
    config = tmp_path / "adapter" / "adapter_config.json"
    said = json.loads(config.read_text())
    config.write_text(json.dumps(said | {"bias": "all"}))
    with pytest.raises(ValueError, match="without biases"):
        HubModel.load(tmp_path / "adapter")
    config.write_text(json.dumps(said | {"use_dora": True}))
    with pytest.raises(ValueError, match=r"does not fit .*lora_magnitude_vector"):
        HubModel.load(tmp_path / "adapter")
    config.write_text(json.dumps(said | {"target_modules": ["up_proj"]}))
    with pytest.raises(ValueError, match="does not fit"):
        HubModel.load(tmp_path / "adapter")


def test_a_look_ahead_without_weights_opens_an_adapters_folder_as_its_base(tmp_path: Path) -> None:
    untrained_model().save(tmp_path / "base")
    model = HubModel.load(tmp_path / "base")
    model.adapt(PLAN)
    stirred(model).save_adapter(tmp_path / "adapter")
    ahead = open_meta(str(tmp_path / "adapter"))
    assert ahead.processor_fingerprint == model.processor_fingerprint
    reply = Response(text="It is 9.")
    assert ahead.response_ids(reply) == model.response_ids(reply)
    assert all(weight.is_meta for weight in ahead.net.parameters())
