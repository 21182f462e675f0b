"""Defects planted in how several processes share a training."""

from mutant_rows import Mutant

SHARED = "tests/training/test_shared_steps.py"
PAIRS = f"{SHARED}::test_pairs_with_and_without_pictures_train_as_on_one_process[2]"
STEP = "seewhy/training/step.py"
ENGINE = "seewhy/training/parallel/engine.py"

PARALLEL_MUTANTS = [
    Mutant(
        name="processes: gradients are of each process's own rows",
        file=ENGINE,
        source="if self.root is None or number + 1 == of:",
        defect="if self.root is None:",
        seen_by=PAIRS,
    ),
    Mutant(
        name="processes: gradients are averaged",
        file=ENGINE,
        source="    wrapped.register_comm_hook(None, add_up)  # pyright: ignore[reportArgumentType]\n",
        defect="",
        seen_by=PAIRS,
    ),
    Mutant(
        name="processes: a mean over the rows of one process",
        file=STEP,
        source="totals = StepTotals.of(rows, run.streams)",
        defect="totals = StepTotals.of(own_rows(run.ranks, run.model, run.questions, rows)[0], run.streams)",
        seen_by=PAIRS,
    ),
    Mutant(
        name="processes: the running state hears one process",
        file=STEP,
        source="gained = [reward for *_, some in parts for reward in some]",
        defect="gained = gained",
        seen_by=PAIRS,
    ),
    Mutant(
        name="processes: shards average their gradients",
        file="seewhy/training/parallel/sharded.py",
        source="module.set_gradient_divide_factor(1.0)",
        defect="module.set_gradient_divide_factor(2.0)",
        seen_by=f"{SHARED}::test_sharded_weights_train_as_on_one_process_and_go_on_on_others",
    ),
]
