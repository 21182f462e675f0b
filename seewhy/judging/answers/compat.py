"""Grade as an evaluation suite does: which rule of `judging/suites` replaces which of ours.

By default nothing here is used: `Compat.PAPER` is the definition of the paper that a rule comes from.
"""

from collections.abc import Mapping
from enum import StrEnum

from seewhy.judging.answers.matching import Prover
from seewhy.judging.answers.suites import letters, mathematics, mmmu, short_answers, tabmwp
from seewhy.judging.answers.suites.graded import Graded, Grader
from seewhy.records.thinking import after_thinking
from seewhy.records.types import MatchRule, Question


class Compat(StrEnum):
    """Whose reading and comparing to reproduce, quirks included."""

    PAPER = "paper"
    VLMEVALKIT = "vlmevalkit"
    LMMS_EVAL = "lmms-eval"
    INTERNVL = "internvl"
    OFFICIAL = "official"
    """The benchmark's own evaluation code, where it differs from its paper."""


OFFICIAL: Mapping[str, Grader] = {
    "scienceqa": letters.scienceqa,
    "aokvqa": letters.aokvqa,
    "m3cot": letters.m3cot,
    "mmstar": letters.mmstar,
    "mmmu": mmmu.mmmu,
    "mmmupro": mmmu.mmmu_pro,
    "mathvista": mathematics.mathvista,
    "mathvision": mathematics.mathvision,
    "tabmwp": tabmwp.tabmwp,
    "ocrbench": short_answers.substring,
}

BY_BENCHMARK: Mapping[Compat, Mapping[str, Grader]] = {
    Compat.OFFICIAL: OFFICIAL,
    Compat.INTERNVL: {name: OFFICIAL[name] for name in ("mmmu", "mathvista", "mathvision")},
    Compat.VLMEVALKIT: {name: OFFICIAL[name] for name in ("mathvista", "mathvision", "ocrbench")},
    Compat.LMMS_EVAL: {
        "scienceqa": letters.scienceqa_lmms_eval, "mmstar": letters.mmstar, "mathvista": mathematics.mathvista,
        "mathvision": mathematics.mathvision, "ocrbench": short_answers.substring,
    },
}  # fmt: skip
"""Rules of one benchmark, under its name in small letters and digits; a longer name that starts so counts as well."""

BY_RULE: Mapping[Compat, Mapping[MatchRule, Grader]] = {
    Compat.OFFICIAL: {
        MatchRule.RELAXED_NUMBER: short_answers.relaxed, MatchRule.ANLS: short_answers.anls,
        MatchRule.VQA_SOFT: short_answers.vqa, MatchRule.DIRECT_ANSWER: short_answers.direct_answer,
        MatchRule.CONTAINMENT: short_answers.has_word, MatchRule.YES_NO: short_answers.pope,
        MatchRule.UNIT_NUMBER: tabmwp.tabmwp,
    },
    Compat.VLMEVALKIT: {
        MatchRule.LETTER: letters.vlmevalkit, MatchRule.EXACT: short_answers.exact,
        MatchRule.RELAXED_NUMBER: short_answers.relaxed, MatchRule.ANLS: short_answers.anls,
        MatchRule.VQA_SOFT: short_answers.vqa_without_possessives, MatchRule.YES_NO: short_answers.yes_or_no_vlmevalkit,
    },
    Compat.LMMS_EVAL: {
        MatchRule.LETTER: mmmu.mmmu_lmms_eval, MatchRule.RELAXED_NUMBER: short_answers.relaxed,
        MatchRule.ANLS: short_answers.anls, MatchRule.VQA_SOFT: short_answers.vqa,
        MatchRule.YES_NO: short_answers.yes_or_no_lmms_eval,
    },
    Compat.INTERNVL: {
        MatchRule.LETTER: letters.internvl, MatchRule.EXACT: short_answers.exact,
        MatchRule.RELAXED_NUMBER: short_answers.relaxed_internvl, MatchRule.ANLS: short_answers.anls,
        MatchRule.VQA_SOFT: short_answers.vqa, MatchRule.YES_NO: short_answers.pope,
    },
}  # fmt: skip


def grader_of(compat: Compat, question: Question) -> Grader | None:
    """The suite's own rule for this question; None where the suite is not known to differ from ours."""
    known = BY_BENCHMARK.get(compat)
    if not known or question.gold.rule is MatchRule.OPEN:
        return None
    name = "".join(letter for letter in question.benchmark.lower() if letter.isalnum())
    prefixes = [start for start in known if name.startswith(start)]
    if prefixes:
        return known[max(prefixes, key=len)]
    return BY_RULE[compat].get(question.gold.rule)


def grade_as(compat: Compat, question: Question, text: str, prove: Prover) -> Graded | None:
    """The suite's grade of a reply, of the text after its thinking; None where seewhy's own rule is the suite's.

    Example:
        >>> from seewhy.records.types import Gold, Split
        >>> question = Question(id="q", benchmark="b", split=Split.TEST, text="", facets={}, options=("cat", "dog"),
        ...                     gold=Gold(answers=("A",), rule=MatchRule.LETTER))
        >>> grade_as(Compat.INTERNVL, question, "Because it barks, dog.", None).answer
        'B'
    """
    grader = grader_of(compat, question)
    if grader is None:
        return None
    golds = tuple(gold for gold in question.gold.answers if gold.strip())
    if not golds:
        return Graded(answer=text, score=None, how="the gold answer is empty")
    return grader(question, after_thinking(text).strip(), prove)
