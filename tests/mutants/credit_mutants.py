"""Defects planted in the kinds of credit and in the entropies that one of them reads."""

from mutant_rows import Mutant

KINDS = "tests/evaluation/test_credit_kinds.py"

CREDIT_MUTANTS = [
    Mutant(
        name="so far: each sentence for itself",
        file="seewhy/evaluation/credits/so_far.py",
        source="least = min(least, math.fsum(",
        defect="least = min(0.0, math.fsum(",
        seen_by=f"{KINDS}::test_what_follows_from_an_unlikely_sentence_is_doubted_too",
    ),
    Mutant(
        name="left out: the log-probability of all that is left, not of the answer",
        file="seewhy/evaluation/credits/left_out.py",
        source="math.fsum(row[len(row) - count :])",
        defect="math.fsum(row)",
        seen_by=f"{KINDS}::test_a_sentence_is_worth_what_the_answer_loses_without_it",
    ),
    Mutant(
        name="picture: what it takes away",
        file="seewhy/evaluation/credits/picture.py",
        source="tuple(sighted - blind for",
        defect="tuple(blind - sighted for",
        seen_by=f"{KINDS}::test_the_picture_is_worth_what_the_reference_loses_without_it",
    ),
    Mutant(
        name="entropy: the mean over the vocabulary",
        file="seewhy/model/packed/logps.py",
        source="torch.special.entr(logits.softmax(dim=-1)).sum(dim=-1)",
        defect="torch.special.entr(logits.softmax(dim=-1)).mean(dim=-1)",
        seen_by="tests/model/test_logps.py::"
        "test_the_entropy_of_an_even_choice_is_the_log_of_its_number_and_of_a_certain_one_nothing",
    ),
]
