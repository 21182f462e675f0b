"""Defects planted in the engine: packed rows, decoding, prompts and the choice of the path; and what must see them."""

from mutant_rows import Mutant

GROUP = "seewhy/model/packed/group.py"
BRANCHES = "seewhy/model/packed/shared_prefix.py"
SCORING = "seewhy/model/packed/scores.py"
DRAWING = "seewhy/model/generation/decode.py"
LAST = "seewhy/model/packed/last_layer.py"
HUB = "seewhy/model/families/hub.py"
TOWERS = "seewhy/model/vision/precompute.py"
SCORES = "tests/model/test_scores.py"
DECODE = "tests/model/test_decode.py"
BATCH = "tests/model/test_batch_of_chains.py"
PATHS = "tests/model/test_paths.py"
CACHE = "tests/model/test_prompt_cache.py"
PACKED_VALUE = f"{SCORES}::test_packed_rows_give_the_log_probabilities_of_separate_rows"


ENGINE_MUTANTS = [
    Mutant(
        name="packed row: targets shifted by one",
        file=GROUP,
        source="for response in group.responses for token in response]",
        defect="for response in group.responses for token in (*response[1:], response[0])]",
        seen_by=PACKED_VALUE,
    ),
    Mutant(
        name="packed row: positions not restarted in a branch",
        file=GROUP,
        source="positions.append(placed[number][:, -1:] + torch.arange(len(branch)))",
        defect="positions.append(sum(map(torch.Tensor.numel, positions)) + torch.arange(len(branch))[None])",
        seen_by=PACKED_VALUE,
    ),
    Mutant(
        name="packed row: a branch sees the first question's prompt",
        file=GROUP,
        source="group_of = [number for number, group in enumerate(groups) for _ in group.responses]",
        defect="group_of = [0 for number, group in enumerate(groups) for _ in group.responses]",
        seen_by=PACKED_VALUE,
    ),
    Mutant(
        name="packed row: a branch token sees later tokens",
        file="seewhy/model/packed/layout.py",
        source="torch.ones(height, height, dtype=torch.bool, device=device).tril()",
        defect="torch.ones(height, height, dtype=torch.bool, device=device)",
        seen_by=f"{SCORES}::test_a_later_token_changes_no_earlier_log_probability",
    ),
    Mutant(
        name="packed row: a branch sees its sibling",
        file=BRANCHES,
        source="torch.cat([prefix_k[layout.branch_group], own_k], dim=2)",
        defect="torch.cat([prefix_k[layout.branch_group], own_k.roll(1, 0)], dim=2)",
        seen_by=f"{SCORES}::test_a_response_does_not_see_its_sibling",
    ),
    Mutant(
        name="log-probabilities: cut off from the net",
        file="seewhy/model/packed/logps.py",
        source="logits = head(hidden).float()",
        defect="logits = head(hidden.detach()).float()",
        seen_by="tests/model/test_logps.py::test_chunks_change_neither_the_values_nor_the_gradients",
    ),
    Mutant(
        name="log-probabilities: normaliser without gradient",
        file="seewhy/model/packed/logps.py",
        source="- logits.logsumexp(dim=-1)",
        defect="- logits.logsumexp(dim=-1).detach()",
        seen_by="tests/model/test_logps.py::"
        "test_the_gradient_of_a_log_probability_is_one_at_its_token_less_the_softmax",
    ),
    Mutant(
        name="decoding: placeholder not banned",
        file=DRAWING,
        source='logits.index_fill(1, rules.banned, float("-inf"))',
        defect="logits",
        seen_by=f"{DECODE}::test_the_placeholder_of_a_picture_is_never_drawn",
    ),
    Mutant(
        name="decoding: log-probabilities at the drawing temperature",
        file=DRAWING,
        source="logprobs = logits.gather(1, token[:, None]).squeeze(1) - logits.logsumexp(-1)",
        defect="logprobs = (logits / rules.decoding.temperature).log_softmax(-1).gather(1, token[:, None]).squeeze(1)",
        seen_by=f"{DECODE}::test_a_chain_scores_to_the_log_probabilities_it_was_drawn_with",
    ),
    Mutant(
        name="decoding: prompt and branch weighed the wrong way round",
        file=BRANCHES,
        source="torch.lerp(from_own, from_prompt, share)",
        defect="torch.lerp(from_prompt, from_own, share)",
        seen_by=f"{DECODE}::test_greedy_chains_are_those_of_generate",
    ),
    Mutant(
        name="decoding: chains of a question share their luck",
        file=DRAWING,
        source='f"{seed}/{question_id}/{style}/{index}"',
        defect='f"{seed}/{question_id}/{style}"',
        seen_by=f"{DECODE}::test_chains_are_numbered_on_where_an_earlier_ask_stopped",
    ),
    Mutant(
        name="decoding: chains that ended stay in the batch",
        file=DRAWING,
        source="LEAVE_SHARE = 1 / 8",
        defect="LEAVE_SHARE = 2",
        seen_by=f"{DECODE}::test_chains_that_have_ended_leave_the_batch",
    ),
    Mutant(
        name="packed row: a prompt token sees later ones",
        file=BRANCHES,
        source="is_causal=mask is None",
        defect="is_causal=False",
        seen_by=PACKED_VALUE,
    ),
    Mutant(
        name="separate rows: read one place early",
        file=SCORING,
        source="start = len(group.prompt.ids) - 1",
        defect="start = len(group.prompt.ids) - 2",
        seen_by=PACKED_VALUE,
    ),
    Mutant(
        name="pictures seen once: the first one for all of a question",
        file="seewhy/model/vision/encoders.py",
        source="return tuple(taken)",
        defect="return tuple(taken[:1]) * len(taken)",
        seen_by="tests/model/test_towers.py::test_features_score_as_pictures_that_are_seen_in_the_pass",
    ),
    Mutant(
        name="pictures seen once: the tower keeps a graph",
        file=TOWERS,
        source="@torch.no_grad()\ndef precompute_image_features(",
        defect="def precompute_image_features(",
        seen_by="tests/model/test_towers.py::test_features_are_those_of_a_pass_of_each_picture_alone",
    ),
    Mutant(
        name="reference: scored with a graph",
        file="seewhy/training/reference.py",
        source="@torch.no_grad()\ndef score_examples(",
        defect="def score_examples(",
        seen_by="tests/training/test_training_reference.py::test_the_reference_is_scored_without_a_graph",
    ),
    Mutant(
        name="scores: with a graph",
        file=HUB,
        source="@torch.no_grad()\n    def score(",
        defect="def score(",
        seen_by="tests/model/test_hub.py::test_scoring_and_drawing_build_no_graph",
    ),
    Mutant(
        name="self-check: gradients not compared",
        file="seewhy/model/packed/trials.py",
        source=" and self.gradient <= gradient",
        defect="",
        seen_by=f"{PATHS}::test_a_net_whose_values_are_right_and_gradients_wrong_falls_back",
    ),
    Mutant(
        name="self-check: values not compared",
        file="seewhy/model/packed/trials.py",
        source="self.value <= value and ",
        defect="",
        seen_by=f"{PATHS}::test_a_net_whose_values_alone_are_wrong_falls_back",
    ),
    Mutant(
        name="self-check: found wrong and used all the same",
        file=HUB,
        source="return least_trusting([self.checks[bool(prompt.pictures)] for prompt in prompts])",
        defect="return ScorePath.PACKED",
        seen_by=f"{PATHS}::test_a_model_that_falls_back_scores_and_draws_as_a_sound_one_and_says_so_once",
    ),
    Mutant(
        name="decoding: one generator for all chains",
        file=DRAWING,
        source="generator.manual_seed(chain_seed(decoding.seed, ask.question.id, address_of(ask), index))",
        defect="_ = rows or generator.manual_seed(decoding.seed)",
        seen_by=f"{BATCH}::test_chains_are_the_same_one_three_and_eight_questions_at_a_time",
    ),
    Mutant(
        name="decoding: questions share their luck",
        file=DRAWING,
        source='f"{seed}/{question_id}/{style}/{index}"',
        defect='f"{seed}/{style}/{index}"',
        seen_by=f"{DECODE}::test_random_numbers_of_a_chain_are_its_own",
    ),
    Mutant(
        name="decoding: a chain's tokens all at one position",
        file="seewhy/model/generation/steps.py",
        source="self.start[:, self.attention.group] + self.attention.time",
        defect="self.start[:, self.attention.group]",
        seen_by=f"{DECODE}::test_greedy_chains_are_those_of_generate",
    ),
    Mutant(
        name="decoding: those who stay take the questions of those who left",
        file=BRANCHES,
        source="self._place(self._group[rows])",
        defect="self._place(self._group[: len(rows)])",
        seen_by=f"{BATCH}::test_a_chain_that_ends_leaves_without_changing_the_others",
    ),
    Mutant(
        name="decoding: those who stay take the keys of those who left",
        file=BRANCHES,
        source="old[:, :, : self.time].index_select(0, there)",
        defect="old[: len(rows), :, : self.time]",
        seen_by=f"{BATCH}::test_a_chain_that_ends_leaves_without_changing_the_others",
    ),
    Mutant(
        name="decoding: those who stay take the random numbers of those who left",
        file=DRAWING,
        source="draws[active, time]",
        defect="draws[: len(active), time]",
        seen_by=f"{BATCH}::test_a_chain_that_ends_leaves_without_changing_the_others",
    ),
    Mutant(
        name="decoding: padding of a shorter prompt is seen",
        file=BRANCHES,
        source='torch.where(prompt_filled, 0.0, float("-inf"))',
        defect="torch.where(prompt_filled, 0.0, 0.0)",
        seen_by=f"{BATCH}::test_chains_are_the_same_one_three_and_eight_questions_at_a_time",
    ),
    Mutant(
        name="decoding: a chain goes on after its end",
        file=DRAWING,
        source="masked_fill(ending & ~ended, time + 1)",
        defect="masked_fill(ending & ended, time + 1)",
        seen_by=f"{DECODE}::test_a_chain_ends_at_its_first_end_token_and_is_cut_at_the_limit",
    ),
    Mutant(
        name="sampled ids thrown away and the text encoded anew",
        file=HUB,
        source="if response.token_ids is not None:",
        defect="if response.token_ids == ():",
        seen_by="tests/model/test_round_trip.py::test_a_drawn_chain_is_trained_on_by_the_ids_it_was_drawn_as",
    ),
    Mutant(
        name="prompt cache: a picture known by its path",
        file=HUB,
        source="tuple(file.digest for file in files)",
        defect="tuple(file.path for file in files)",
        seen_by=f"{CACHE}::test_another_picture_under_the_same_path_is_encoded_anew",
    ),
    Mutant(
        name="prompt cache: forgets nothing",
        file="seewhy/model/loading/prompt_cache.py",
        source="while self.held_bytes > self.max_bytes:",
        defect="while self.held_bytes < 0:",
        seen_by=f"{CACHE}::test_the_cache_never_holds_more_than_its_bytes",
    ),
    Mutant(
        name="last layer: prompts have no keys in it",
        file=LAST,
        source='TOKEN_WISE = ("q_proj",',
        defect='TOKEN_WISE = ("k_proj", "q_proj",',
        seen_by=PACKED_VALUE,
    ),
    Mutant(
        name="last layer: what is left out is put behind the branches",
        file=LAST,
        source="F.pad(out, (0, 0, self.unread, 0))",
        defect="F.pad(out, (0, 0, 0, self.unread))",
        seen_by=PACKED_VALUE,
    ),
    Mutant(
        name="last layer: prompts go through all of it",
        file=LAST,
        source="if layer is not None and layout.unread:",
        defect="if layer is not None and not layout.unread:",
        seen_by="tests/model/test_last_layer.py::test_a_prompt_that_chains_are_drawn_from_leaves_the_last_layer_its_keys_and_values_alone",
    ),
    Mutant(
        name="blind: pictures are shown all the same",
        file=HUB,
        source="files = [] if blind else picture_files(question)",
        defect="files = picture_files(question)",
        seen_by="tests/model/test_hub.py::test_a_blind_prompt_has_no_picture_and_scores_otherwise",
    ),
]
