"""What stands between the last hidden states and the logits, by hand and on nets that do it in their own way."""

import pytest
import torch
from families_plain import llava, paligemma2
from torch import nn
from untrained import groups

from seewhy.model.packed.head import Head, head_of
from seewhy.model.packed.trials import check_head


def test_logits_are_divided_and_then_capped():
    head = Head(layer=nn.Identity(), divisor=4.0, cap=2.0)
    # 8 / 4 = 2, and 2 tanh(2 / 2) = 1.5232.
    torch.testing.assert_close(head(torch.tensor([8.0, 0.0])), torch.tensor([1.5231884, 0.0]))


def test_the_cap_of_a_net_is_found_in_its_settings():
    assert head_of(paligemma2().net).cap == 3.0
    assert head_of(llava().net).cap is None


def turned(_, __, out):
    """The net's own output with its logits in another order."""
    out.logits = out.logits.flip(-1)
    return out


def test_of_the_ways_that_the_settings_name_the_one_is_taken_that_gives_the_nets_own_logits(tmp_path):
    model = llava()
    text = model.net.config.get_text_config()
    text.logits_scaling, text.final_logit_softcapping = 2.0, 3.0
    assert (head_of(model.net).divisor, head_of(model.net).cap) == (2.0, 3.0)
    check_head(model.net, groups(model, tmp_path, {0: (3,)})[0], tolerance=1e-5)
    assert (head_of(model.net).divisor, head_of(model.net).cap) == (1.0, None)


def test_a_net_that_makes_other_logits_than_its_head_is_refused_before_anything_is_trained(tmp_path):
    model = llava()
    model.net.register_forward_hook(turned)
    with pytest.raises(ValueError, match="makes other logits than its output layer does of its hidden states"):
        check_head(model.net, groups(model, tmp_path, {0: (3,)})[0])
    with pytest.raises(ValueError, match=r"^LlavaForConditionalGeneration makes other logits"):
        model.group_logps(groups(model, tmp_path, {0: (3,)}))


def test_a_net_without_an_output_layer_is_refused():
    net = llava().net
    net.lm_head = None
    with pytest.raises(ValueError, match="has no output layer: load the model with its language-model head"):
        head_of(net)
