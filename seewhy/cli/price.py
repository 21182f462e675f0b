"""What the calls of a stage would cost, said before any is made."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from seewhy.cli.listener import RecordingClient
from seewhy.cli.toll import CostEstimate, StageCost
from seewhy.cli.workspace import Workspace
from seewhy.endpoints.accounting.forecast import Forecast, forecast_cost
from seewhy.endpoints.cache import ReplyCache
from seewhy.endpoints.chat import ChatResponse, Request
from seewhy.endpoints.payload import prepare_request
from seewhy.endpoints.plan import EndpointPlan
from seewhy.judging.api import FollowUp
from seewhy.recipes.plans import TeacherPlan


def endpoint_of(space: Workspace, asked: TeacherPlan) -> EndpointPlan:
    """The model that is asked, with the replies that are kept of it."""
    return asked.endpoint(str(space.place("teacher", "replies.sqlite")))


def price_requests(space: Workspace, stage: str, asked: TeacherPlan, requests: Iterable[Request]) -> StageCost:
    """How many calls a stage would make, of how many tokens, for how much."""
    forecast = forecast_cost(requests, endpoint_of(space, asked), space.recipe.spend, is_batch=asked.by_batch)
    trials = space.recipe.canary.trials
    canary = f", after a canary of {trials} pictures" if trials else ""
    line = f"{stage}: {asked.model} at {asked.base_url} would be asked {' '.join(forecast.line.split())}{canary}"
    return StageCost(lines=(line,), most=toll_of(forecast))


def toll_of(forecast: Forecast) -> CostEstimate:
    """What is asked yet, each reply as long as it may be."""
    return CostEstimate(requests=forecast.requests - forecast.from_cache, sent=forecast.prompt_tokens,
                back=forecast.completion_tokens, dollars=forecast.dollars)  # fmt: skip


def price_follow_ups(
    space: Workspace, asked: TeacherPlan, follow_ups: Sequence[FollowUp]
) -> tuple[CostEstimate, CostEstimate]:
    """What judges would ask after their first replies: what is likely, and at most."""
    likely, most = CostEstimate(), CostEstimate()
    counts = {(one.likely, one.most) for one in follow_ups}
    for count in sorted(counts):
        # Told apart by a seed: what is asked of two chains in the same words is not paid once for both.
        requests = [replace(one.request, seed=number) for number, one in enumerate(follow_ups)
                    if (one.likely, one.most) == count]  # fmt: skip
        toll = toll_of(forecast_cost(requests, endpoint_of(space, asked), space.recipe.spend))
        likely, most = likely + toll.times(count[0]), most + toll.times(count[1])
    return likely, most


@contextmanager
def listening(endpoint: EndpointPlan) -> Generator[RecordingClient]:
    """Someone who is asked nothing, and remembers what an earlier run was answered."""
    if not Path(endpoint.cache).is_file():
        yield RecordingClient(name=endpoint.model)
        return
    with closing(ReplyCache(endpoint.cache)) as cache:

        def recall(request: Request) -> ChatResponse | None:
            kept = cache.find(prepare_request(request, endpoint).key)
            if len(kept.replies) < request.count:
                return None
            return ChatResponse(replies=kept.replies[: request.count], model=kept.model)

        yield RecordingClient(name=endpoint.model, recall=recall)
