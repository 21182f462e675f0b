"""Credit of a reply's tokens between two models, each with its weights here or behind a server."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from seewhy.endpoints.chains import ChainTeller
from seewhy.endpoints.engine.given_reply import GivenReply, NoLogprobsError
from seewhy.endpoints.plan import EndpointPlan
from seewhy.model.api import ScoreRequest
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import Chain, Question, Response, ScoredChain
from seewhy.runs.discovery import call_part
from seewhy.workbench.asking import Replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """A reply with the log-probabilities of its tokens under two models, and the credit of each."""

    chain: Chain
    scored: ScoredChain
    credit: tuple[TokenCredit, ...]


def credit_of_last(models: Sequence[Any], question: Question, replies: Sequence[Replies]) -> Credited:
    """Credit of the first model's last reply over the second model; ValueError as `credit_between`, or no reply."""
    said = [one for one in replies if one.chains]
    if not said:
        raise NoLogprobsError(f"credit needs a reply, and {models[0].name} gave none")
    return credit_between(models[0], models[1], question, said[-1].chains[0])


def credit_or_why(
    models: Sequence[Any], question: Question, replies: Sequence[Replies]
) -> tuple[tuple[TokenCredit, ...], str]:
    """As `credit_of_last`; where a server gives no log-probabilities, none and the reason."""
    try:
        return credit_of_last(models, question, replies).credit, ""
    except NoLogprobsError as error:
        return (), str(error)


def credit_between(policy: Any, reference: Any, question: Question, chain: Chain) -> Credited:  # noqa: ANN401
    """Credit of each token of a reply of `policy`: log pi - log ref less its mean (LLaVA-Reasoner, section 5.4).

    Where a model is behind a server, the tokens are those into which the server cuts the reply's text, without the end
    of the turn.

    Raises:
        NoLogprobsError: a server gives no log-probabilities of a given reply.
        ValueError: the models have no vocabulary in common.
    """
    both = (policy, reference)
    served = [_told(model, question, chain, other) if isinstance(model, ChainTeller) else None
              for model, other in zip(both, both[::-1], strict=True)]  # fmt: skip
    given = [one for one in served if one is not None]
    if given:
        said = replace(chain, token_ids=given[0].token_ids, logprobs=None)
        is_common = all(one.token_ids == said.token_ids for one in given) and all(
            _reads(model, said) for model, one in zip(both, served, strict=True) if one is None
        )
    else:
        said = chain
        is_common = policy.tokenizer.get_vocab() == reference.tokenizer.get_vocab()
    if not is_common:
        raise ValueError(f"credit needs two models of one vocabulary, such as a tuned model and its base; those of "
                         f"{policy.name} and {reference.name} differ")  # fmt: skip
    scores = [_scored(model, question, said) if one is None else one.logprobs
              for model, one in zip(both, served, strict=True)]  # fmt: skip
    scored = ScoredChain(question_id=chain.question_id, index=chain.index, style=chain.style, policy=scores[0],
                         reference=scores[1])  # fmt: skip
    tokens = given[0].tokens if given else policy.pieces(chain.token_ids or ())
    parts = call_part("evaluation", "credit", "pieces_of", chain.text, tokens)
    credit = call_part("evaluation", "credit", "assign_credit", said, parts, scored, None)
    return Credited(chain=said, scored=scored, credit=credit)


def _told(model: ChainTeller, question: Question, chain: Chain, other: Any) -> GivenReply:  # noqa: ANN401
    """The reply under the weights of a server; the chat template of the other model, where it is here, writes it."""
    endpoint: EndpointPlan = cast(Any, model.chat_model).endpoint
    written = None
    if not isinstance(other, ChainTeller):
        written = partial(call_part, "model", "loading.written_prompt", "written_prompt", other, question, chain.style)
    return call_part("endpoints", "score_reply", "score_reply", endpoint, model.prompt(question, chain.style, False),
                     chain.text, written)  # fmt: skip


def _reads(model: Any, said: Chain) -> bool:  # noqa: ANN401
    """Whether a server's token ids are this text in a model's vocabulary."""
    return "".join(model.pieces(said.token_ids or ())).strip() == said.text.strip()


def _scored(model: Any, question: Question, said: Chain) -> tuple[float, ...]:  # noqa: ANN401
    reply = Response(text=said.text, token_ids=said.token_ids or ())
    return model.score([ScoreRequest(question=question, style=said.style, responses=(reply,))])[0][0]
