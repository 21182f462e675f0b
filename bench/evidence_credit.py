"""Claim 5: how well a signal finds the wrong sentences of the verifier's candidates, by the area under the ROC curve.

A sentence is wrong where the oracle, which knows the page, does not give it the full score; the answer line counts as a
sentence. A signal says how likely a sentence is right: a model's values are summed over its tokens. First errors are
those before which a chain has none, held against all right sentences.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from statistics import fmean

from transformers import AutoTokenizer

from seewhy.evaluation.credit import credit_auroc
from seewhy.evaluation.crediting import share_a_character
from seewhy.judging.agreement import AgreementJudge
from seewhy.records.measures import Interval
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Chain, Question, ScoredChain, Span
from seewhy.runs.open import open_run
from seewhy.runs.run import OpenRun
from seewhy.testing.oracle import Oracle

RESAMPLES = 200
TOKENS = "DPO credit, token by token (figure 8)"
CREDIT = "DPO credit, summed over a sentence"
AGREEMENT = "share of the other 15 chains that say the sentence"
SO_FAR = "SFT log-probability of the least likely sentence so far"
BASELINES = ("SFT log-probability", "earlier place in the chain")
"""Those that the verdict is of; the further ones of issue and paper were added when it stood."""
SCORED = ("scores-step", "scores-blind", "scores-sentences")
CREDITED = ("credit-entropy.tokens", "credit-left-out.tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of a chain with all that is said of it."""

    question_id: str
    index: int
    place: int
    of: int
    is_wrong: bool
    is_first: bool
    """Right, or the first wrong one of its chain."""
    ratio: float
    others: Mapping[str, float]
    """Log-ratios of other trainings and the mean of credit of other kinds, by step, of those that the run has."""
    logp: float
    least_logp: float
    """Of its tokens."""
    least_certain: float | None
    """Minus the largest entropy of its tokens."""
    least_so_far: float
    """Log-probability of the least likely sentence up to this one."""
    agreement: float


Signal = Callable[[Sentence], float | None]
SIGNALS: Mapping[str, Signal] = {
    CREDIT: lambda one: one.ratio,
    "credit of DPO on pairs that part at an error": lambda one: one.others.get("scores-step"),
    "credit of PPO by rewards of sentences": lambda one: one.others.get("scores-sentences"),
    "SFT log-probability": lambda one: one.logp,
    "the same, its least likely token": lambda one: one.least_logp,
    "SFT entropy, minus the mean of its tokens": lambda one: one.others.get("credit-entropy.tokens"),
    "the same, its least certain token": lambda one: one.least_certain,
    "earlier place in the chain": lambda one: -one.place / one.of,
    "log-probability with the picture less without": lambda one: one.others.get("scores-blind"),
    "what leaving it out takes from the chain's own answer": lambda one: one.others.get("credit-left-out.tokens"),
    SO_FAR: lambda one: one.least_so_far,
    AGREEMENT: lambda one: one.agreement,
}


def credit_table(runs: Sequence[OpenRun]) -> Iterator[str]:
    """One line a signal."""
    yield "| signal (claim 5) | all sentences | each seed | first errors against right ones | sentences | wrong |"
    yield "|---|---|---|---|---|---|"
    done = [run for run in runs if has(run, "verifier.curves")]
    if done:
        tokens = [row for run in done for row in sentence_tokens(run.root)]
        each = ", ".join(f"{area(sentence_tokens(run.root)).value:.2f}" for run in done)
        yield (f"| {TOKENS} | {shown(area(tokens))} | {each} | – | {len(tokens):,} tokens | "
               f"{sum(bool(row.wrong) for row in tokens):,} |")  # fmt: skip
    for name, signal in SIGNALS.items():
        parts = [part for run in done if (part := [(one, value) for one in sentences(run.root)
                                                   if (value := signal(one)) is not None])]  # fmt: skip
        if not parts:
            yield f"| {name} | not run | | | | |"
            continue
        whole = [pair for part in parts for pair in part]
        first = [pair for pair in whole if pair[0].is_first]
        each = ", ".join(f"{area(as_rows(part)).value:.2f}" for part in parts)
        yield (f"| {name} | {shown(area(as_rows(whole)))} | {each} | {shown(area(as_rows(first)))} | {len(whole):,} | "
               f"{sum(one.is_wrong for one, _ in whole):,} |")  # fmt: skip


def credit_summary(runs: Sequence[OpenRun]) -> tuple[str, int, str]:
    """The figures of claim 5, its seeds, and its verdict.

    Held where the interval of credit lies above both baselines, not held where the better baseline's lies above it.
    """
    done = [run for run in runs if has(run, "verifier.curves")]
    if not done:
        return "not run", 0, "not run"
    rows = [one for run in done for one in sentences(run.root)]

    def of(name: str) -> Interval:
        pairs = ((one, SIGNALS[name](one)) for one in rows)
        return area(as_rows([(one, value) for one, value in pairs if value is not None]))

    credit, others = of(CREDIT), [of(name) for name in BASELINES]
    best = max(others, key=lambda one: one.value)
    said = "cannot tell"
    if credit.low > best.value:
        said = "held"
    elif best.low > credit.high:
        said = "not held"
    free = ", ".join(f"{name} {shown(of(key))}" for name, key in (
        ("sentences that other chains say too", AGREEMENT), ("the least likely sentence so far", SO_FAR),
    ))  # fmt: skip
    here = f"AUROC {shown(credit)}; best baseline {shown(best)}; without training or gold answer: {free}"
    return here, len(done), said


def has(run: OpenRun, ref: str) -> bool:
    """Whether a unit is in the recipe of a run, and finished."""
    return ref in run.nodes and run.is_done(ref)


def shown(found: Interval) -> str:
    """An area with its interval."""
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def area(rows: Sequence[TokenCredit]) -> Interval:
    """The chance that a wrong one has the lower value; draws are of whole questions, in all runs alike."""
    found = credit_auroc(rows, resamples=RESAMPLES)
    assert found is not None
    return found


def as_rows(pairs: Sequence[tuple[Sentence, float]]) -> list[TokenCredit]:
    """Sentences in the place of tokens."""
    return [
        TokenCredit(question_id=one.question_id, index=one.index, position=one.place, token="", start=0, end=0,
                    credit=value, wrong=one.is_wrong)
        for one, value in pairs
    ]  # fmt: skip


@cache
def sentences(root: Path) -> list[Sentence]:
    """All sentences of known truth of a run's candidates."""
    run = open_run(root)
    asked = {question.id: question for question in run.questions("questions.test")}
    scored = {ref: {(row.question_id, row.index): row for row in run.read(ref, ScoredChain)}
              for ref in ("verifier.scores", *SCORED) if has(run, ref)}  # fmt: skip
    credit = {ref: credit_of(run, ref) for ref in CREDITED if has(run, ref)}
    pieces = piece_ends(run)
    found: list[Sentence] = []
    for name, rows in groupby(run.read("verifier.chains", Chain), key=lambda chain: chain.question_id):
        group = tuple(rows)
        verdicts = AgreementJudge().judge(asked[name], group)
        for chain, verdict in zip(group, verdicts, strict=True):
            own = {ref: read[name, chain.index] for ref, read in scored.items()}
            values = {ref: read[name, chain.index] for ref, read in credit.items()}
            found += sentences_of(asked[name], chain, own, values, verdict.spans, pieces(chain))
    return found


def credit_of(run: OpenRun, ref: str) -> Mapping[tuple[str, int], Sequence[float]]:
    """Credit of each token of each chain."""
    found: dict[tuple[str, int], list[float]] = {}
    for row in run.read(ref, TokenCredit):
        found.setdefault((row.question_id, row.index), []).append(row.credit)
    return found


def sentences_of(
    question: Question, chain: Chain, scored: Mapping[str, ScoredChain], credit: Mapping[str, Sequence[float]],
    agreed: Sequence[Span], ends: Sequence[tuple[int, int]],
) -> Iterator[Sentence]:  # fmt: skip
    """Those of one chain."""
    known = Oracle().score_sentences(question, chain.text)
    first = next((place for place, span in enumerate(known) if span.score < 1.0), len(known))
    base = scored["verifier.scores"]
    entropy = credit.get("credit-entropy.tokens")
    least = 0.0
    for place, span in enumerate(known):
        tokens = [at for at, token in enumerate(ends) if share_a_character(token, (span.start, span.end))]
        if not tokens:
            continue
        logp = sum(base.reference[at] for at in tokens)
        least = min(least, logp)
        yield Sentence(
            question_id=question.id, index=chain.index, place=place, of=len(known), is_wrong=span.score < 1.0,
            is_first=span.score == 1.0 or place == first, ratio=ratio(base, tokens),
            others={**{ref: ratio(scored[ref], tokens) for ref in SCORED if ref in scored},
                    **{ref: fmean(row[at] for at in tokens) for ref, row in credit.items()}},
            logp=logp, least_logp=min(base.reference[at] for at in tokens), least_so_far=least,
            least_certain=min(entropy[at] for at in tokens) if entropy else None,
            agreement=min((one.score for one in agreed if one.start < span.end and span.start < one.end), default=0.0),
        )  # fmt: skip


def ratio(scored: ScoredChain, tokens: Sequence[int]) -> float:
    """Summed log-ratio of some tokens."""
    return sum(scored.policy[at] - scored.reference[at] for at in tokens)


def piece_ends(run: OpenRun) -> Callable[[Chain], list[tuple[int, int]]]:
    """Where each token of a chain begins and ends in its text."""
    tokenizer = AutoTokenizer.from_pretrained(run.weights("sft"))

    @cache
    def decode(token: int) -> str:
        return str(tokenizer.decode([token], skip_special_tokens=True))

    def ends(chain: Chain) -> list[tuple[int, int]]:
        pieces = [decode(token) for token in chain.token_ids or ()]
        joined = "".join(pieces)
        assert joined.strip() == chain.text.strip(), f"{chain.question_id} {chain.index}: tokens spell another text"
        at, found = len(chain.text) - len(chain.text.lstrip()) - (len(joined) - len(joined.lstrip())), []
        for piece in pieces:
            found.append((min(max(at, 0), len(chain.text)), min(max(at + len(piece), 0), len(chain.text))))
            at += len(piece)
        return found

    return ends


@cache
def sentence_tokens(root: Path) -> list[TokenCredit]:
    """The seed's own unit: each token with its log-ratio less the mean of its chain."""
    run = open_run(root)
    asked = {question.id: question for question in run.questions("questions.test")}
    pieces, rows = piece_ends(run), list[TokenCredit]()
    scored = {(row.question_id, row.index): row for row in run.read("verifier.scores", ScoredChain)}
    for chain in run.read("verifier.chains", Chain):
        one, known = (
            scored[chain.question_id, chain.index],
            Oracle().score_sentences(asked[chain.question_id], chain.text),
        )
        ratios = [policy - reference for policy, reference in zip(one.policy, one.reference, strict=True)]
        mean = sum(ratios) / len(ratios)
        for place, ((start, end), value) in enumerate(zip(pieces(chain), ratios, strict=True)):
            if start < end:
                wrong = any(span.score < 1.0 and start < span.end and span.start < end for span in known)
                rows.append(TokenCredit(question_id=chain.question_id, index=chain.index, position=place, token="",
                                        start=start, end=end, credit=value - mean, wrong=wrong))  # fmt: skip
    return rows
