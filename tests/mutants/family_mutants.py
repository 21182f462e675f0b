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
        name="start-up check: one question speaks for several",
        file="seewhy/model/packed/trials.py",
        source="if beside and gap.is_within(",
        defect="if not beside and gap.is_within(",
        seen_by=f"{PATHS}::test_a_net_that_mixes_the_pictures_of_two_questions_is_found_by_the_second_prompt",
    ),
    Mutant(
        name="opening: weights that the files lack are drawn at random",
        file="seewhy/model/loading/whole_weights.py",
        source="    if lost:\n",
        defect="    if len(lost) > 10**6:\n",
        seen_by="tests/model/test_model_files.py::test_what_is_wrong_with_a_folder_is_told_before_anything_is_drawn",
    ),
    Mutant(
        name="opening: log-probabilities that are no numbers are taken",
        file="seewhy/model/packed/trials.py",
        source="    if math.isnan(gap):\n",
        defect="    if gap < 0:\n",
        seen_by="tests/model/test_model_files.py::test_weights_that_are_no_numbers_are_refused_before_a_reply_is_kept",
    ),
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
        source="return seen | same[:, None]",
        defect="return seen | (seen[0] & same)[:, None]",
        seen_by=f"{FAMILIES}::test_packed_rows_equal_separate_rows_or_are_refused",
    ),
    Mutant(
        name="packed row: a branch starts one place late on every axis",
        file=GROUP,
        source="placed[number][:, -1:] + torch.arange(len(branch))",
        defect="placed[number][:, -1:] + 1 + torch.arange(len(branch))",
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
        source="if self.cap is not None:",
        defect="if self.cap == 0:",
        seen_by=f"{FAMILIES}::test_log_probabilities_are_those_of_the_nets_own_logits",
    ),
    Mutant(
        name="prompts: the first token is left out",
        file="seewhy/model/loading/encoding.py",
        source='"add_special_tokens": not begins',
        defect='"add_special_tokens": False',
        seen_by="tests/model/test_template_tokens.py::test_the_first_token_stands_once_where_the_template_writes_it_too",
    ),
    Mutant(
        name="prompts: a typed token is a control token",
        file="seewhy/model/loading/encoding.py",
        source="pattern.sub(HOLE, words)",
        defect="words",
        seen_by="tests/model/test_template_tokens.py::test_special_tokens_that_users_type_are_text",
    ),
    Mutant(
        name="replies: what the template writes before them is lost",
        file="seewhy/model/loading/replies.py",
        source="return ids[len(self._prompt_ids) :]",
        defect="return ids[len(self._prompt_ids) + 1 :]",
        seen_by="tests/model/test_template_tokens.py::test_what_the_template_writes_before_a_reply_is_a_part_of_it",
    ),
    Mutant(
        name="replies: ids of another text are taken",
        file="seewhy/model/loading/replies.py",
        source='not in ("", spelt.strip())',
        defect='not in ("", response.text.strip())',
        seen_by="tests/model/test_template_tokens.py::test_ids_that_spell_another_text_are_refused_with_the_question",
    ),
    Mutant(
        name="parts: an encoder within counts as language",
        file="seewhy/model/loading/parts.py",
        source="(is_language and not starts)",
        defect="is_language",
        seen_by="tests/model/test_parts.py::test_language_is_the_decoder_and_senses_are_not",
    ),
    Mutant(
        name="parts: what brings features on counts as an encoder",
        file="seewhy/model/loading/parts.py",
        source="is_tower = bool(starts) and not any(map(_is_between, inner[starts[0] :]))",
        defect="is_tower = bool(starts)",
        seen_by="tests/model/test_parts.py::test_language_is_the_decoder_and_senses_are_not",
    ),
    Mutant(
        name="trial: bfloat16 is compared as it lies",
        file="seewhy/model/packed/precision.py",
        source="tensor.data = tensor.data.float()",
        defect="tensor.data = tensor.data.clone()",
        seen_by="tests/model/test_paths.py::test_what_float32_refuses_is_refused_in_bfloat16_and_weights_are_what_they_were",
    ),
    Mutant(
        name="rows: positions change beside a longer row",
        file="seewhy/model/packed/context.py",
        source="longest > most:",
        defect="longest > most * 9:",
        seen_by="tests/model/test_paths.py::test_rows_that_would_change_the_positions_of_their_neighbours_are_refused_by_name",
    ),
    Mutant(
        name="head: the settings are believed",
        file="seewhy/model/packed/head.py",
        source="CHOSEN[net] = min(candidates(net), key=gap)",
        defect="CHOSEN[net] = next(candidates(net))",
        seen_by="tests/model/test_head.py::test_of_the_ways_that_the_settings_name_the_one_is_taken_that_gives_the_nets_own_logits",
    ),
    Mutant(
        name="kernel: taken without a comparison",
        file="seewhy/model/packed/flex.py",
        source="if not gap <= SAME[states[0].dtype]:",
        defect="if gap < 0:",
        seen_by="tests/model/test_flex.py::test_a_kernel_that_raises_or_gives_something_else_is_left_aside_with_the_reason",
    ),
    Mutant(
        name="parting: responses come back in the order of rows",
        file="seewhy/model/packed/parting.py",
        source="return [sorted(places[k] for k in part) for part in parts]",
        defect="return [sorted((places[k] for k in part), reverse=True) for part in parts]",
        seen_by="tests/model/test_parting.py::test_parted_rows_give_the_values_and_gradients_of_separate_ones",
    ),
]
