"""Defects planted in adapters, checkpointed layers and precision; and what must see them."""

from mutant_rows import Mutant

ADAPTERS = "seewhy/model/loading/adapters.py"
PARTS = "seewhy/model/loading/adapter_parts.py"
DROPPING = "seewhy/model/packed/dropping.py"
RECOMPUTE = "seewhy/model/packed/recompute.py"
LORA = "tests/model/test_adapters.py"
FILES = "tests/model/test_adapter_files.py"
KINDS = "tests/model/test_adapter_kinds.py"
CHECKPOINTED = "tests/model/test_recompute.py"

ADAPTER_MUTANTS = [
    Mutant(
        name="adapter: the vision tower is adapted too",
        file=ADAPTERS,
        source="module is not head and id(module.weight) in own",
        defect="module is not head",
        seen_by=f"{LORA}::test_an_adapter_lies_on_linear_layers_of_the_language_model_alone",
    ),
    Mutant(
        name="adapter: merged without it",
        file=PARTS,
        source="        total = total + layer.get_delta_weight(name).float()",
        defect="        total = total + 0 * layer.get_delta_weight(name).float()",
        seen_by=f"{FILES}::test_the_merged_export_opens_with_and_without_seewhy_and_scores_as_the_adapter_did",
    ),
    Mutant(
        name="adapter: off, and never on again",
        file=ADAPTERS,
        source="            layer.enable_adapters(True)\n",
        defect="            pass\n",
        seen_by=f"{LORA}::test_with_its_adapter_off_a_trained_model_is_its_base_to_the_bit",
    ),
    Mutant(
        name="adapter: its first values are those of the moment",
        file=ADAPTERS,
        source="        torch.manual_seed(plan.seed)\n",
        defect="",
        seen_by=f"{LORA}::test_the_first_values_of_an_adapter_are_those_of_its_seed",
    ),
    Mutant(
        name="adapter: a run resumes with another one",
        file="seewhy/training/fit.py",
        source="        **run.model.settings,\n",
        defect="",
        seen_by="tests/training/test_fit_adapters.py::test_a_checkpoint_of_another_adapter_is_refused_by_name",
    ),
    Mutant(
        name="checkpointed layers: a packed row is computed again as a plain one",
        file=RECOMPUTE,
        source="with keyed(tokens), nullcontext() if row is None else packing(net, row):",
        defect="with keyed(tokens):",
        seen_by=f"{CHECKPOINTED}::test_gradients_of_checkpointed_layers_are_those_of_kept_ones",
    ),
    Mutant(
        name="checkpointed layers: dropout is on",
        file=RECOMPUTE,
        source="            layer.training = True\n",
        defect="            layer.train()\n",
        seen_by=f"{CHECKPOINTED}::test_nothing_is_dropped_and_no_module_is_left_in_training_mode",
    ),
    Mutant(
        name="bf16: weights that are trained lie in it",
        file="seewhy/model/loading/opening.py",
        source="if compute.precision == BF16 and not masters else",
        defect="if compute.precision == BF16 else",
        seen_by="tests/model/test_opening.py::"
        "test_bf16_holds_frozen_weights_in_bf16_trained_ones_and_adapters_in_float32",
    ),
    Mutant(
        name="bf16: reference rows of float32 are taken for it",
        file="seewhy/model/families/hub.py",
        source="precision = self.compute.precision.removeprefix(FLOAT32)",
        defect='precision = ""',
        seen_by="tests/training/test_fit_adapters.py::test_reference_rows_of_another_precision_are_not_taken",
    ),
    Mutant(
        name="DoRA: added into the weights as plain LoRA",
        file=PARTS,
        source="(layer.lora_magnitude_vector[NAME].weight / row_norms(total))[:, None]",
        defect="torch.ones_like(row_norms(total))[:, None]",
        seen_by=f"{KINDS}::test_merged_and_saved_it_scores_the_same",
    ),
    Mutant(
        name="PiSSA: the first values are not taken away again",
        file=PARTS,
        source="layer.scaling[START] = -layer.scaling[NAME]",
        defect="layer.scaling[START] = 0.0",
        seen_by=f"{KINDS}::test_before_the_first_step_and_with_it_off_the_model_is_its_start",
    ),
    Mutant(
        name="adapter dropout: drawn by place in the row",
        file=DROPPING,
        source="return keyed(_tensor([np.concatenate(parts)], device))",
        defect="return keyed(torch.arange(sum(map(len, parts)), dtype=torch.int32, device=device)[None])",
        seen_by=f"{KINDS}::test_what_is_dropped_follows_from_the_example_alone",
    ),
    Mutant(
        name="adapter dropout: a checkpointed layer drops nothing when it is computed again",
        file=RECOMPUTE,
        source="with keyed(tokens), nullcontext()",
        defect="with keyed(None), nullcontext()",
        seen_by=f"{KINDS}::test_checkpointed_layers_drop_the_same_again",
    ),
    Mutant(
        name="adapter: modules that it trains whole are left out of its file",
        file="seewhy/model/loading/adapter_files.py",
        source="weights |= {name: tensor for name, tensor in base_weights(net).items() if is_trained(name, whole)}",
        defect="weights |= {}",
        seen_by=f"{KINDS}::test_merged_and_saved_it_scores_the_same",
    ),
]
