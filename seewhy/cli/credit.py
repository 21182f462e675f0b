"""`seewhy credit`: which token of a chain the trained model credits, and whether wrong sentences get less."""

from collections.abc import Iterable, Sequence

from seewhy.cli.workspace import Workspace
from seewhy.evaluation.credit import Piece, assign_credit, credit_auroc
from seewhy.records.measures import Interval
from seewhy.records.shards import read_rows
from seewhy.records.types import Chain, Question, ScoredChain, Span, Split, TokenCredit
from seewhy.runners.local import run_blocks
from seewhy.testing.oracle import Oracle

PER_SHARD = 50


def run(space: Workspace) -> None:
    """Rows `credit/tokens`, and `credit/auroc` where wrong sentences are known."""
    source = space.need("rerank", "scores", stage="rerank")
    questions = space.questions(Split.TEST)[: space.recipe.rerank.questions]
    scored: dict[str, list[ScoredChain]] = {question.id: [] for question in questions}
    for row in read_rows(source, ScoredChain):
        scored[row.question_id].append(row)
    chains = {(row.question_id, row.index): row for row in read_rows(space.place("rerank", "chains"), Chain)}

    def work(block: Sequence[Question]) -> Iterable[TokenCredit]:
        model = space.shelf.open(space.model_name("preference"), "preference")
        for question in block:
            for row in scored[question.id]:
                chain = chains[row.question_id, row.index]
                yield from assign_credit(chain, _pieces(chain, model.pieces(chain.token_ids or ())), row,
                                         wrong_spans(question, chain))  # fmt: skip

    is_whole = space.are_whole(("credit", "tokens"), ("credit", "auroc"))
    with space.screen.track("assign credit to tokens", len(questions), "questions", is_whole=is_whole) as advance:
        run_blocks(
            space.place("credit", "tokens"), questions, work, TokenCredit, per_shard=PER_SHARD, stage="credit",
            plan={}, input_hashes=space.hashes(scores=source), command=space.command("credit"), on_done=advance,
        )  # fmt: skip
        _measure(space)


def _pieces(chain: Chain, texts: Sequence[str]) -> list[Piece]:
    """Tokens with their offsets in the chain's text, which is the joined tokens without the spaces around them."""
    joined = "".join(texts)
    shift = len(joined) - len(joined.lstrip())
    pieces: list[Piece] = []
    at = -shift
    for text in texts:
        start, end = (min(max(place, 0), len(chain.text)) for place in (at, at + len(text)))
        pieces.append(Piece(token=text, start=start, end=end))
        at += len(text)
    return pieces


def wrong_spans(question: Question, chain: Chain) -> tuple[Span, ...] | None:
    """Sentences known to be wrong; None where the benchmark's truth cannot tell."""
    if question.benchmark != "inkgrid":
        return None
    return tuple(span for span in Oracle().score_sentences(question, chain.text) if span.score < 1.0)


def _measure(space: Workspace) -> None:
    tokens = space.place("credit", "tokens")

    def work(_: Sequence[str]) -> Iterable[Interval]:
        found = credit_auroc(read_rows(tokens, TokenCredit), resamples=space.recipe.credit.resamples)
        return [] if found is None else [found]

    run_blocks(
        space.place("credit", "auroc"), ["all"], work, Interval, per_shard=1, stage="credit", plan=space.recipe.credit,
        input_hashes=space.hashes(tokens=tokens), command=space.command("credit"), on_done=lambda _: None,
    )  # fmt: skip
