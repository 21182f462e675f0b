"""Short answers as the suites compare them: relaxed numbers, edit similarity, annotators' agreement, yes or no.

Suites give these rules the whole reply: they expect a model that was asked for a short answer.
"""

import math
import re

from rapidfuzz.distance import Levenshtein

from seewhy.judging.answers.matching import Prover
from seewhy.judging.answers.suites.graded import Graded, best
from seewhy.judging.answers.vqa import fold_words, leave_one_out, normalise_vqa, strip_punctuation
from seewhy.records.types import Question

SLACK = 0.05
ANLS_KEPT_FROM = 0.5
COMMA_IN_NUMBER = re.compile(r"\d,\d")
FLOAT = re.compile(r"[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
HAND_WRITTEN_MATHS = "handwritten math"


def as_float(text: str, *, divides_per_cent: bool) -> float | None:
    """The finite number that Python's `float` reads in `text`; a per cent sign is dropped, or divides by 100 too."""
    is_per_cent = text.endswith("%")
    bare = (text.rstrip("%") if is_per_cent else text).strip()
    if not FLOAT.fullmatch(bare):
        return None
    number = float(bare) / (100 if is_per_cent and divides_per_cent else 1)
    return number if math.isfinite(number) else None


def _is_near(gold: float, answer: float) -> bool:
    return abs(answer - gold) / abs(gold) <= SLACK


def relaxed(question: Question, text: str, _prove: Prover) -> Graded:
    """Within 5 % of the gold; a per cent sign divides by 100, a gold of 0 and other signs are compared as text.

    Source: pix2struct `metrics.py`, `relaxed_correctness`, after PlotQA (arXiv 1909.00997, section 5.1); the same
    function is in VLMEvalKit `vlmeval/dataset/utils/vqa_eval.py` and in lmms-eval `tasks/chartqa/utils.py`.
    A year has no rule of its own.
    """

    def score(gold: str, answer: str) -> float:
        wanted, found = (as_float(each, divides_per_cent=True) for each in (gold, answer))
        if found is not None and wanted:
            return float(_is_near(wanted, found))
        return float(gold.lower() == answer.lower())

    return best(question.gold.answers, text, score, "relaxed number of the whole reply")


def relaxed_internvl(question: Question, text: str, _prove: Prover) -> Graded:
    """As `relaxed`, but a per cent sign is only dropped, and a gold of four characters that starts with 20 is exact.

    Source: InternVL `tools/reasoning_data_pipeline/utils/accuracy_reward.py`.
    """

    def score(gold: str, answer: str) -> float:
        wanted, found = (as_float(each, divides_per_cent=False) for each in (gold, answer))
        if found is not None and wanted and not (len(gold) == 4 and gold.startswith("20")):
            return float(_is_near(wanted, found))
        return float(gold.lower() == answer.lower())

    return best(question.gold.answers, text, score, "relaxed number of the whole reply")


def anls(question: Question, text: str, _prove: Prover) -> Graded:
    """Edit similarity over folded spaces, by the length of the unfolded strings; 0.5 itself is kept.

    Source: the evaluation script of the Robust Reading Competition (DocVQA, InfographicVQA), copied by VLMEvalKit
    `vqa_eval.py` (`anls_compute` with `hit_calculate`), lmms-eval `api/metrics.py` and InternVL
    `eval/vqa/infographicsvqa_eval.py`.
    """

    def score(gold: str, answer: str) -> float:
        distance = Levenshtein.distance(" ".join(gold.lower().split()), " ".join(answer.lower().split()))
        length = max(len(gold.upper()), len(answer.upper()))
        similarity = 1.0 - distance / length if length else 0.0
        return similarity if similarity >= ANLS_KEPT_FROM else 0.0

    return best(question.gold.answers, text, score, "edit similarity of the whole reply")


def vqa(question: Question, text: str, _prove: Prover) -> Graded:
    """Leave-one-out agreement after EvalAI's folding: 0 for a right answer that only one annotator gave.

    Source: lmms-eval `tasks/textvqa/utils.py`; InternVL `eval/vqa/textvqa_eval.py`, both after Pythia's
    `m4c_evaluators.py`.
    """
    wanted = normalise_vqa(text)
    hits = sum(normalise_vqa(gold) == wanted for gold in question.gold.answers)
    return _agreement(question, text, hits)


def vqa_without_possessives(question: Question, text: str, _prove: Prover) -> Graded:
    """Leave-one-out agreement after the folding of VQA's own evaluation: "the cat's" stays one word.

    Source: VLMEvalKit `vlmeval/dataset/utils/vqa_eval.py` (`process_answer`, `process_line` with vqa_score), after
    `vqaEval.py` of VQA v2. A comma inside a number takes every mark of the answer with it.
    """
    wanted = fold_vqa_v2(text)
    return _agreement(question, text, sum(fold_vqa_v2(gold) == wanted for gold in question.gold.answers))


def fold_vqa_v2(answer: str) -> str:
    """The folding of VQA v2's `vqaEval.py`.

    Example:
        >>> fold_vqa_v2("The cat's 1,000 a/b")
        "cat's 1000 ab"
    """
    text = " ".join(answer.replace("\n", " ").replace("\t", " ").split(" ")).strip()
    return fold_words(strip_punctuation(text, everywhere=COMMA_IN_NUMBER.search(text) is not None))


def _agreement(question: Question, text: str, hits: int) -> Graded:
    score = leave_one_out(len(question.gold.answers), hits, 3)
    return Graded(answer=text, score=max(0.0, score), how="agreement with the others of ten annotators")


def direct_answer(question: Question, text: str, _prove: Prover) -> Graded:
    """min(1, n / 3) over the annotators whose answer is the reply, character by character.

    Source: allenai/aokvqa `evaluation/eval_predictions.py`.
    """
    hits = sum(gold == text for gold in question.gold.answers)
    return Graded(answer=text, score=min(1.0, hits / 3), how="equal to annotators' answers, unfolded")


def exact(question: Question, text: str, _prove: Prover) -> Graded:
    """Equal but for case and outer spaces.

    Source: VLMEvalKit `vqa_eval.py` (`accuracy`, for OCRVQA and GQA); InternVL `eval/vqa/evaluate_vqa.py`
    (`evaluate_exact_match_accuracy`).
    """

    def score(gold: str, answer: str) -> float:
        return float(gold.strip().lower() == answer.strip().lower())

    return best(question.gold.answers, text, score, "the whole reply")


def has_word(question: Question, text: str, _prove: Prover) -> Graded:
    """A gold answer is in the reply between two word borders, both folded as VQA v2 does.

    Source: MultimodalOCR and LVLM-eHub, `has_word` after `VQAEval`.
    """

    def score(gold: str, answer: str) -> float:
        return float(re.search(rf"\b{re.escape(fold_vqa_v2(gold))}\b", fold_vqa_v2(answer)) is not None)

    return best(question.gold.answers, text, score, "whole words anywhere in the reply")


def substring(question: Question, text: str, _prove: Prover) -> Graded:
    """A gold answer is in the reply, as part of a word too; handwritten mathematics is compared without spaces.

    Source: OCRBench `example.py`; VLMEvalKit `OCRBench`; lmms-eval `tasks/ocrbench/utils.py`.
    """
    is_maths = any(HAND_WRITTEN_MATHS in value.lower() for value in question.facets.values())

    def score(gold: str, answer: str) -> float:
        gold, answer = (each.strip().replace("\n", " ") for each in (gold, answer))
        if is_maths:
            return float(gold.replace(" ", "") in answer.replace(" ", ""))
        return float(gold.lower() in answer.lower())

    return best(question.gold.answers, text, score, "anywhere in the reply")


def _polar(question: Question, said: str | None, how: str) -> Graded:
    wanted = {gold.strip().lower() for gold in question.gold.answers} & {"yes", "no"}
    if said is None:
        return Graded(answer=None, score=None, how=how)
    return Graded(answer=said, score=float(said in wanted) if len(wanted) == 1 else None, how=how)


def pope(question: Question, text: str, _prove: Prover) -> Graded:
    """The text before the first full stop says no where it holds the word No, no or not, and else yes.

    Source: POPE `evaluate.py` (RUCAIBox/POPE); InternVL `eval/pope/eval_pope.py`. An empty reply is a yes.
    """
    words = text.split(".")[0].replace(",", "").split(" ")
    is_no = any(word in words for word in ("No", "not", "no"))
    return _polar(question, "no" if is_no else "yes", "no where the first sentence holds no or not, else yes")


def yes_or_no_vlmevalkit(question: Question, text: str, _prove: Prover) -> Graded:
    """Yes or no where the reply holds one of these words and not the other.

    Source: VLMEvalKit `vlmeval/dataset/utils/yorn.py`, `YOrN_Extraction`; both or neither is "Unknown".
    """
    words = strip_punctuation(text.lower()).split()
    said = [word for word in ("yes", "no") if word in words]
    if len(said) != 1:
        return _polar(question, None, f"{len(said)} of the words yes and no")
    return _polar(question, said[0], "the only one of the words yes and no")


def yes_or_no_lmms_eval(question: Question, text: str, _prove: Prover) -> Graded:
    """The whole reply in lower case is the answer: "Yes." is neither.

    Source: lmms-eval `tasks/pope/utils.py`, `pope_process_results`.
    """
    return _polar(question, text.lower().strip(), "the whole reply")
