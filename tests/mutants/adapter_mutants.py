"""Defects planted in adapters, checkpointed layers and precision; and what must see them."""

from mutant_rows import Mutant

ADAPTERS = "seewhy/model/loading/adapters.py"
RECOMPUTE = "seewhy/model/packed/recompute.py"
LORA = "tests/model/test_adapters.py"
FILES = "tests/model/test_adapter_files.py"
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
        file=ADAPTERS,
        source="whole.float() + _update(module).float()",
        defect="whole.float()",
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
        source="return nullcontext(), nullcontext() if row is None else packing(net, row)",
        defect="return nullcontext(), nullcontext()",
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
]
