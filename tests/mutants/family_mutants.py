"""Defects that only some families would show: positions, windows, pictures, tokens of pictures, heads."""

from mutant_rows import Mutant

GROUP = "seewhy/model/packed/group.py"
BRANCHES = "seewhy/model/packed/shared_prefix.py"
SCORING = "seewhy/model/packed/scores.py"
DRAWING = "seewhy/model/generation/decode.py"
STEPS = "seewhy/model/generation/steps.py"
ENCODING = "seewhy/model/loading/encoding.py"
FAMILIES = "tests/model/test_families.py"
PATHS = "tests/model/test_paths.py"

FAMILY_MUTANTS = [
    Mutant(
        name="families: a response of PaliGemma told as prompt, which sees what comes after it",
        file=ENCODING,
        source='RESPONSE_MARKS = {"paligemma": 1}',
        defect='RESPONSE_MARKS = {"paligemma": 0}',
        seen_by=f"{FAMILIES}::test_chains_score_as_they_were_drawn",
    ),
    Mutant(
        name="row decode: the prompt's last token is run twice",
        file=STEPS,
        source="        if self.opening is not None:\n            hidden",
        defect="        if len(token) > 99:\n            hidden",
        seen_by=f"{FAMILIES}::test_chains_score_as_they_were_drawn",
    ),
    Mutant(
        name="row decode: positions of nets of several axes not told",
        file=STEPS,
        source="        if self.newest is not None:\n",
        defect="        if self.newest is not None and rows > 99:\n",
        seen_by=f"{FAMILIES}::test_chains_score_as_they_were_drawn",
    ),
    Mutant(
        name="row decode: new tokens of nets with cross-attention look at every tile",
        file=STEPS,
        source="        if self.cross_attention_mask is not None:\n",
        defect="        if self.cross_attention_mask is not None and rows > 99:\n",
        seen_by=f"{FAMILIES}::test_chains_score_as_they_were_drawn",
    ),
    Mutant(
        name="decode: branches trusted without a trial",
        file=DRAWING,
        source="    if gap <= tolerance:\n",
        defect="    if gap >= 0:\n",
        seen_by=f"{FAMILIES}::test_chains_score_as_they_were_drawn",
    ),
    Mutant(
        name="decode: a window that reaches back too far",
        file=BRANCHES,
        source="self.time + 1 - window)",
        defect="self.time - window)",
        seen_by=f"{FAMILIES}::test_chains_score_as_they_were_drawn",
    ),
    Mutant(
        name="packed row: a layer's window is counted in the row's columns",
        file=BRANCHES,
        source="keys = torch.cat([torch.arange(prompt, device=device).expand(len(start), -1), start + time], dim=1)",
        defect="keys = torch.arange(prompt + own, device=device).expand(len(start), -1)",
        seen_by=f"{FAMILIES}::test_packed_rows_equal_separate_rows_or_are_refused",
    ),
    Mutant(
        name="packed row: a picture's tokens do not see each other both ways",
        file=BRANCHES,
        source="return seen | (same",
        defect="return seen | (seen[0] & same",
        seen_by=f"{FAMILIES}::test_packed_rows_equal_separate_rows_or_are_refused",
    ),
    Mutant(
        name="packed row: a branch starts one place late on every axis",
        file=GROUP,
        source="placed[number][:, -1:] + torch.arange(len(branch), device=device)",
        defect="placed[number][:, -1:] + 1 + torch.arange(len(branch), device=device)",
        seen_by=f"{FAMILIES}::test_packed_rows_equal_separate_rows_or_are_refused",
    ),
    Mutant(
        name="prompts: nets of several axes count on one",
        file=ENCODING,
        source='    if not hasattr(net.model, "get_rope_index"):\n',
        defect='    if not hasattr(net.model, "get_rope_index") or len(ids) > 0:\n',
        seen_by=f"{FAMILIES}::test_packed_rows_equal_separate_rows_or_are_refused",
    ),
    Mutant(
        name="prompts: smaller tiles are filled up at the front",
        file=GROUP,
        source="for n in (0, wide - size)",
        defect="for n in (wide - size, 0)",
        seen_by=f"{FAMILIES}::test_packed_rows_equal_separate_rows_or_are_refused",
    ),
    Mutant(
        name="path: layers with a state are tried by luck",
        file="seewhy/model/packed/trials.py",
        source="    if foreign := foreign_layers(net):\n",
        defect="    if (foreign := foreign_layers(net)) and len(foreign) > 9:\n",
        seen_by=f"{PATHS}::test_a_net_that_says_its_layers_carry_a_state_falls_back_though_a_trial_of_it_would_agree",
    ),
    Mutant(
        name="logits: the cap is forgotten",
        file="seewhy/model/packed/head.py",
        source="return logits if self.cap is None else",
        defect="return logits if self.cap != 0 else",
        seen_by=f"{FAMILIES}::test_log_probabilities_are_those_of_the_nets_own_logits",
    ),
]
