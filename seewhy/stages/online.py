"""A model trained on rollouts that it draws itself, by rewards: PPO with a critic, GRPO and their kin."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from seewhy.endpoints.engine.plan import EnginePlan, GivenAs, RefreshPlan
from seewhy.endpoints.recording import RecordingClient
from seewhy.model.plan import AdapterPlan, ComputePlan
from seewhy.records.marks import RARE
from seewhy.records.ranges import require_least
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Question, Response, StepLog, Style
from seewhy.report.inputs import Section, TermPanel, TrainingRun
from seewhy.rewards.api import Reward
from seewhy.runs.api import ModelKind, Models, Need, Run, TrainStage
from seewhy.runs.choice import Choice, Layer, Model, Rows, class_chosen, make, plain_choice, settings_of
from seewhy.runs.discovery import constant_of, load_part, nearest
from seewhy.runs.drawing import drawn_need
from seewhy.runs.forecast.api import Outlook, StageForecast
from seewhy.runs.question_chains import places_by_id
from seewhy.training.monitor.alarms import alarms_of
from seewhy.training.online.plan import CriticPlan, PairsPlan, RolloutPlan, require_whole_once
from seewhy.training.plan import FitPlan

ROLLOUTS, PAIRS = "rollouts", "pairs"
ASKED, POLICY = "chat_model", "policy"
"""The fields of a reward for the model that judges, and for the policy itself."""
SERVED = TermPanel(
    title="Servers against the trainer", unit="nats a token",
    terms=("engine_gap/text", "engine_gap/pictures", "sampler_gap/text", "sampler_gap/pictures"),
)  # fmt: skip
"""After each refresh of weights, and of each round's rollouts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Online(TrainStage):
    """Draws rollouts, rewards them and trains on them, round after round; the trained model is whole under `model`."""

    start: Model
    """The model that is trained, and the reference of divergences."""
    questions: Rows
    """Rows of questions that are asked, shuffled, every one once an epoch."""
    objective: Annotated[Choice, Layer("objectives")]
    """`grpo`, `dr_grpo`, `dapo`, `gspo`, `cispo`, `rloo`, `reinforce_pp` or `ppo` (`docs/online.md`); or one of pairs
    such as `dpo`, on pairs of each round's rollouts."""
    reward: Annotated[Choice, Layer("rewards")] | None = None
    """The one reward; `rewards` for several."""
    rewards: Mapping[str, Annotated[Choice, Layer("rewards")]] = field(default_factory=dict[str, Choice])
    """Rewards by name."""
    weights: Mapping[str, float] = field(default_factory=dict[str, float])
    """Of `rewards`; 1 where none is given. A reward of weight 0 is watched and not trained on."""
    model: Model = ""
    """The model behind a server that rewards ask; empty where none does."""
    per_question: int = 0
    """Rollouts a question; 0 leaves it to `rollouts.per_question`."""
    style: Style = Style.REASON
    """The prompt."""
    rollouts: RolloutPlan = field(default_factory=RolloutPlan)
    """What is drawn in each round."""
    fit: FitPlan
    """How the weights move: `epochs` over the rollouts of a round, `batch_size` rollouts an update."""
    critic: CriticPlan = field(default_factory=CriticPlan)
    """Of objectives that have one."""
    pairs: PairsPlan = field(default_factory=PairsPlan, metadata=RARE)
    """Of objectives of pairs; `fit.batch_size` then counts pairs."""
    adapter: AdapterPlan = field(default_factory=AdapterPlan)
    """LoRA; rank 0 trains the weights themselves."""
    engine: EnginePlan = field(default=EnginePlan(), metadata=RARE)
    """Who draws rollouts: seewhy's own sampler, or servers that are given the weights as they are trained. `max_gap`
    bounds the gap to the trainer's log-probabilities after each refresh, and of each round's rollouts."""
    refresh: RefreshPlan = field(default=RefreshPlan(), metadata=RARE)
    """How servers get the weights."""

    def __post_init__(self) -> None:
        """Refuse an objective of another kind, rewards that do not fit together, and a judge without its model."""
        require_least(self, 0, "per_question")
        self._require_objective()
        self._require_engine()
        if bool(self.reward) == bool(self.rewards):
            said = "`reward` and `rewards` are both given" if self.reward else "there is no reward"
            raise ValueError(f"{said}: give one as `reward`, or several by name as `rewards`")
        self.rollouts.require_reward(self.chosen)
        unknown = sorted(set(self.weights) - set(self.chosen))
        if unknown:
            raise ValueError(f"weights.{unknown[0]}: no reward is called so{nearest(unknown[0], list(self.chosen))}")
        wrong = [name for name, value in self.weights.items() if not isfinite(value)]
        if wrong:
            raise ValueError(f"weights.{wrong[0]} must be a finite number, and is {self.weights[wrong[0]]}")
        if not any(self.weight_of(name) for name in self.chosen):
            raise ValueError("weights: every reward has weight 0; give one that is trained on another")
        asks = [one.kind for name, one in self.chosen.items() if self._takes(name, ASKED)]
        if asks and not self.model:
            raise ValueError(f"reward {asks[0]} asks a model: name it as `model`")
        if self.model and not asks:
            raise ValueError("no reward asks a model: leave `model` away")

    def _require_objective(self) -> None:
        kind = self.objective.kind
        trains_on = constant_of("objectives", kind, "trains_on", PAIRS)
        if trains_on not in (ROLLOUTS, PAIRS) or constant_of("objectives", kind, "compares_pictures", False):
            raise ValueError(f"objective {kind} trains neither on rollouts nor on pairs of them: use stage `train`")
        if trains_on == PAIRS and self.plan.per_question < 2:
            raise ValueError(
                f"objective {kind} pairs rollouts of a question, and per_question is 1: set it to 2 or above"
            )
        require_whole_once(self.fit, kind, bool(constant_of("objectives", kind, "is_on_policy", False)))
        if trains_on != PAIRS and self.pairs != PairsPlan():
            raise ValueError(f"pairs: objective {kind} trains on rollouts; leave it away")

    def _require_engine(self) -> None:
        if self.refresh.given is GivenAs.ADAPTER and not self.adapter.is_servable:
            raise ValueError("refresh.given is adapter, and servers load LoRA alone, without DoRA and modules that are "
                             "trained whole: set it to whole, or give adapter.rank and leave these away")  # fmt: skip
        if not self.engine.is_server and self.refresh != RefreshPlan():
            raise ValueError(
                "refresh is of servers that draw: give engine.kind server and engine.urls, or leave it away"
            )
        if self.engine.is_server and self.rollouts.temperature != 1.0:
            raise ValueError("rollouts.temperature: log-probabilities of servers are those of temperature 1; leave it "
                             "at 1, or engine.kind at local")  # fmt: skip

    @property
    def chosen(self) -> Mapping[str, Choice]:
        """The rewards by name; the only one is called as its kind."""
        return self.rewards if self.reward is None else {self.reward.kind: self.reward}

    def weight_of(self, name: str) -> float:
        """Of a reward."""
        return self.weights.get(name, 1.0)

    @property
    def plan(self) -> RolloutPlan:
        """What is drawn, with the stage's own number of rollouts a question."""
        return replace(self.rollouts, per_question=self.per_question) if self.per_question else self.rollouts

    def _place_of(self, name: str) -> str:
        return "reward" if self.reward is not None else f"rewards.{name}"

    def _takes(self, name: str, setting: str) -> bool:
        """Whether a reward has a setting."""
        return setting in settings_of(class_chosen(self.chosen[name], "rewards", self._place_of(name)))

    def made(self) -> Any:  # noqa: ANN401
        """The objective; ValueError where it refuses a setting."""
        return make(self.objective, "objectives", "objective")

    def made_rewards(self, chat_model: object, policy: object) -> dict[str, Reward]:
        """The rewards; ValueError where there is no such kind or it refuses a setting."""
        found: dict[str, Reward] = {}
        for name, choice in self.chosen.items():
            known = {ASKED: chat_model, POLICY: policy}
            given = {one: value for one, value in known.items() if self._takes(name, one)}
            found[name] = make(choice, "rewards", self._place_of(name), **given)
        return found

    def needs(self) -> Sequence[Need]:
        found = [
            Need(field="start", ref=self.start, wants=ModelKind.WEIGHTS),
            *([replace(drawn_need(self.start, self.engine), field="start")] if self.engine.is_server else []),
            Need(field="questions", ref=self.questions, wants=Question),
        ]
        if self.model:
            found.append(Need(field="model", ref=self.model, wants=ModelKind.SERVER))
        return found

    def require(self, compute: ComputePlan) -> None:
        compute.require_adapter(self.adapter)
        self.made()
        self.made_rewards(RecordingClient(name=self.model), RecordingClient(name=self.start))

    def steps(self, run: Run) -> int | None:
        return self.rollouts.rounds

    def train(self, run: Run, models: Models, place: Path) -> Iterator[StepLog]:
        parts = load_part("training", "online.assemble")
        questions = run.questions(self.questions)
        places_by_id(questions, run.place(self.questions))
        model = models.trainable(self.start, place.name, self.adapter)
        chat_model = models.server(self.model) if self.model else None
        rewards = {name: plain_choice(one, "rewards") for name, one in self.chosen.items()}
        critic = self.critic if constant_of("objectives", self.objective.kind, "needs_critic", False) else None
        with ExitStack() as stack:
            served = self._served(run, models, model, questions, place)
            if served is not None:
                stack.enter_context(closing(served))
            yield from parts.train_online(parts.Parts(
                model=model, objective=self.made(), pairs=self.pairs, rewards=self.made_rewards(chat_model, model),
                weights={name: self.weight_of(name) for name in self.chosen}, questions=questions, served=served,
                plan=self.plan, fit=self._fit(run), critic=critic, style=self.style, directory=place,
                reference=lambda: models.local(self.start), note=models.note, guard=run.machine.guard,
                shard=run.machine.shard,
                off_is_start=self.adapter.off_is_start,
                recipe={"rewards": rewards, "asked": run.identity(self.model) if self.model else ""},
            ))  # fmt: skip

    def _served(self, run: Run, models: Models, model: object, questions: Sequence[Question], place: Path) -> Any:  # noqa: ANN401
        """Servers that draw, or None."""
        if not self.engine.is_server:
            return None
        part = load_part("runs", "rollout_servers")
        rollouts = part.Rollouts(
            ref=self.start, model=model, adapter=self.adapter, place=place, questions=questions, style=self.style,
            max_tokens=self.plan.max_tokens, ranks=load_part("training", "parallel.ranks").ranks_here(),
        )  # fmt: skip
        return part.RolloutServers(run=run, rollouts=rollouts, engine=self.engine, refresh=self.refresh,
                                   note=models.note)  # fmt: skip

    def _fit(self, run: Run) -> FitPlan:
        return replace(self.fit, save_every=run.machine.save_every or self.fit.save_every)

    def section(self, run: Run, name: str) -> Section | None:
        steps = tuple(read_steps(run.place(name) / "steps.jsonl"))
        alarms = tuple(alarm.summary for alarm in alarms_of(steps))
        return TrainingRun(name=name, start=self.start, objective=self.objective.kind, is_online=True, steps=steps,
                           alarms=alarms, panels=self._panels())  # fmt: skip

    def _panels(self) -> tuple[TermPanel, ...]:
        apart = tuple(f"reward/{name}" for name in self.chosen)
        return (
            TermPanel(title="Reward", unit="reward", terms=("reward", "held_out")),
            TermPanel(title="Rewards apart", unit="reward", terms=apart),
            TermPanel(title="Length", unit="tokens", terms=("length",)),
            TermPanel(title="Entropy and divergence", unit="nats", terms=("entropy", "kl_old", "kl_reference")),
            TermPanel(title="Shares", unit="share", terms=("cut", "repetition", "flat_groups", "clipped")),
            TermPanel(title="Critic", unit="", terms=("value_loss", "value_explained")),
            TermPanel(title="Pairs", unit="", terms=("pairs", "margin")),
            *([SERVED] if self.engine.is_server else []),
        )

    def forecast(self, run: Run, outlook: Outlook) -> StageForecast:
        plan = self.plan
        each = plan.questions * plan.per_question
        return StageForecast(
            rows=plan.rounds * each, unit="rollouts", is_exact=not plan.redraw, per_prompt=plan.per_question,
            max_tokens=plan.max_tokens, basis=f"{plan.rounds} rounds of {each} rollouts; the time is not known",
        )  # fmt: skip

    def replies(self, run: Run, outlook: Outlook, style: Style) -> Sequence[Response]:
        return outlook.replies(self.start, style)
