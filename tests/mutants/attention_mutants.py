"""Defects planted in the attention of branches over a prompt that they share, and what must see them."""

from mutant_rows import Mutant

FOLDED = "seewhy/model/packed/cpu_kernel.py"
SHARED = "tests/model/test_folded.py::test_a_shared_prompt_gives_the_attention_and_the_gradients_of_copies"

ATTENTION_MUTANTS = [
    Mutant(
        name="shared prompt: the prompt's part and the branch's own part weigh the same",
        file=FOLDED,
        source="share = (seen_sums - sums[rows]).sigmoid().to(out.dtype)",
        defect="share = torch.full_like(seen_sums, 0.5)",
        seen_by=SHARED,
    ),
    Mutant(
        name="shared prompt: the backward pass knows the sums of one part alone",
        file=FOLDED,
        source="                sums[rows] = torch.logaddexp(sums[rows], seen_sums)\n",
        defect="",
        seen_by=SHARED,
    ),
    Mutant(
        name="shared prompt: padding of a short branch counts in the gradients",
        file=FOLDED,
        source='_by_branch(sums, layout).masked_fill(hidden, float("inf"))',
        defect="_by_branch(sums, layout)",
        seen_by=SHARED,
    ),
]
