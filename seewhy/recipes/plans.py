"""The plans of a whole run: one frozen plan a stage, together a recipe."""

from dataclasses import dataclass, field, replace

from seewhy.endpoints.plan import BatchPlan, EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.vision_check import CanaryPlan
from seewhy.model.plan import AdapterPlan, ComputePlan, FeaturePlan
from seewhy.pairs.plan import PairingPlan
from seewhy.sampling.plan import SamplingPlan
from seewhy.training.monitor.plan import GUARDED, GuardPlan
from seewhy.training.plan import FitPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionsPlan:
    """Which questions are asked, and how many of each split."""

    benchmark: str = "inkgrid"
    """Name of a file in `seewhy/benchmarks`."""
    source: str = ""
    """File or folder that the benchmark reads; inkgrid draws its own pages and needs none."""
    train: int = 6000
    """Questions that lessons and pairs are made of. Of a file, each split's first so many are taken, or all it has."""
    validation: int = 400
    """Questions for setting knobs; never reported as a result."""
    test: int = 1000
    """Questions of every reported accuracy."""
    shifted: int = 500
    """Questions of another kind than any trained on; 0 where a benchmark has none."""
    seed: int = 0
    """Address of the training and validation questions; test and shifted are the same for every seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilPlan:
    """Rationales from a teacher, filtered by their answer (LLaVA-Reasoner, section 3.1)."""

    questions: int
    """The first so many training questions."""
    teacher: str = "oracle"
    """`oracle` knows inkgrid's pages, `blind-oracle` guesses them, `gold` gives the questions' own rationales,
    `endpoint` is the model behind `--teacher.base-url`."""
    error_rate: float = 0.0
    """Share of the oracle's chains that go wrong."""
    terse_rate: float = 0.0
    """Share of the oracle's chains that leave their steps out, and read and conclude alone."""
    seed: int = 0
    """Address of the teacher's chances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherPlan:
    """A model behind a server that speaks OpenAI's chat completions: teacher, and judge where no other is named."""

    # Not compared, nor is the key: a server may move while a run is stopped.
    base_url: str = field(default="", compare=False)
    """Where the server's paths begin, such as `https://api.openai.com/v1`; empty where nothing is asked over a wire."""
    model: str = ""
    """The model's name as the server knows it."""
    key_variable: str = field(default="", compare=False)
    """Environment variable that holds the key, such as `OPENAI_API_KEY`; empty where the server wants none."""
    detail: str = "auto"
    """How closely the server is asked to look at pictures: `low`, `high` or `auto`."""
    max_pixels: int = 0
    """Pictures with more pixels are made smaller before they are sent; 0 sends the bytes of the file as they are."""
    form: str = "auto"
    """How a reply's form is asked for: by JSON `schema`, as a JSON `object`, not at all (`none`), or what works."""
    cache_salt: str = ""
    """Tells apart replies of two models that have the same name and host: a change asks everything anew."""
    prompt: str = ""
    """Of rationales: a kind (`real_world`, `chart`, `document`, `math_science`) or a text file of your own; empty
    takes the kind of the benchmark."""
    temperature: float = 0.0
    """At which rationales are drawn."""
    max_tokens: int = 512
    """Tokens of a rationale, at most."""
    by_batch: bool = field(default=False, compare=False)
    """Send rationales through the provider's batch API: cheaper, and done within a day. Judges are asked directly."""

    def batched(self, batch: BatchPlan) -> BatchPlan | None:
        """How its batch API is used, where it is."""
        return batch if self.by_batch else None

    def endpoint(self, cache: str) -> EndpointPlan:
        """The client's settings; ValueError where no server or model is named."""
        if not self.base_url or not self.model:
            raise ValueError("--teacher.base-url and --teacher.model name the server and the model that is asked, such "
                             "as http://127.0.0.1:8000/v1 and oracle")  # fmt: skip
        return EndpointPlan(
            base_url=self.base_url, model=self.model, key_variable=self.key_variable, detail=self.detail,
            max_pixels=self.max_pixels, form=self.form, cache=cache, cache_salt=self.cache_salt,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgePlan:
    """Who judges the sampled chains, and how; a setting that the judge does not have is refused."""

    name: str = "outcome"
    """`outcome` compares the answer with the gold one and asks nobody; `rubric` asks a model for grades, `sentences`
    for a score of each sentence, `facts` for a yes or no to each fact, `rating` and `review` for the worth of an open
    answer beside its reference. A judge of your own is named by the dotted path of its module."""
    base_url: str = field(default="", compare=False)
    """Server of the model that judges; empty asks the teacher's."""
    model: str = ""
    """Its name; empty takes the teacher's."""
    key_variable: str = field(default="", compare=False)
    """Environment variable that holds its key, where it has a server of its own."""
    votes: int = 1
    """Replies that the rubric's judge is asked for each chain; more than one need a temperature."""
    temperature: float = 0.0
    """At which votes are drawn."""
    show_gold: bool = False
    """Tell the rubric's judge the right answer; that of facts never knows it, all others always do."""
    blind: bool = False
    """Withhold the pictures: a control that shows what sight is worth."""
    prompt: str = ""
    """Text file in place of the judge's own prompt."""

    @property
    def setting_names(self) -> tuple[str, ...]:
        """The judge's own settings that a plan can set."""
        return tuple(self._settings())

    def own_settings(self) -> dict[str, object]:
        """Those that are set away from their defaults; the others stay as the judge has them."""
        defaults = JudgePlan()._settings()
        return {name: value for name, value in self._settings().items() if value != defaults[name]}

    def _settings(self) -> dict[str, object]:
        return {"votes": self.votes, "temperature": self.temperature, "show_gold": self.show_gold, "blind": self.blind}

    def asked(self, teacher: TeacherPlan) -> TeacherPlan:
        """The model that judges."""
        own = replace(teacher, model=self.model or teacher.model, by_batch=False)
        return replace(own, base_url=self.base_url, key_variable=self.key_variable) if self.base_url else own


@dataclass(frozen=True, slots=True, kw_only=True)
class MixPlan:
    """What supervised fine-tuning sees (LLaVA-Reasoner, section 4.1): chain-of-thought, direct and format lessons."""

    direct_share: float = 0.5
    """Direct lessons as a share of all lessons; in the paper 193k of 386k."""
    format_aligned: int = 50
    """Questions that are shown in both styles (50 a data set in the paper)."""
    seed: int = 0
    """Address of the choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencePlan:
    """What is preferred, by which loss."""

    objective: str = "mpo"
    """Name of a file in `seewhy/objectives`; its result is called `preference`."""
    beta: float = 0.1
    """Strength of the pull towards the reference (DPO, arXiv 2305.18290; LLaVA-Reasoner and MPO: 0.1)."""
    compare: tuple[str, ...] = ()
    """Other objectives trained on the same pairs and reported beside it."""


SUITES = ("lmms-eval", "vlmevalkit")
"""Evaluation suites in whose forms results can be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """What is measured of each model."""

    max_tokens: int = 128
    """Tokens of a reply, at most."""
    blind: bool = True
    """Measure with the pictures withheld too."""
    per_shard: int = 250
    """Questions a shard."""
    also: tuple[str, ...] = ()
    """Suites in whose forms the results are written too: `lmms-eval`, `vlmevalkit`."""

    def require_suites(self) -> None:
        """ValueError unless every suite is one whose form can be written."""
        for name in self.also:
            if name not in SUITES:
                raise ValueError(f"--evaluation.also {name!r}: there are {' and '.join(SUITES)}")


SAMPLERS = ("sft", "preference")
"""Models that can draw a verifier's candidates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RerankPlan:
    """The trained model as verifier of its own chains (LLaVA-Reasoner, section 5.2)."""

    questions: int = 300
    """The first so many test questions."""
    per_question: int = 16
    """Candidates a question; the curves go up to it in powers of two."""
    sampler: str = "sft"
    """Who draws them: `sft`, the fine-tuned model, whose chains the verifier learned from, or `preference`, itself."""
    temperature: float = 1.0
    """At which candidates are drawn."""
    vote_temperature: float = 1.0
    """Nats of log-ratio by which a candidate's weight in the weighted vote grows e-fold."""
    seed: int = 0
    """Address of the candidates and of the subsets."""

    def require_sampler(self) -> None:
        """ValueError unless the plan names a model that can draw candidates."""
        if self.sampler not in SAMPLERS:
            raise ValueError(f"--rerank.sampler {self.sampler!r}: there are {' and '.join(SAMPLERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditPlan:
    """Which tokens earned the reward (LLaVA-Reasoner, section 5.4)."""

    shown: int = 6
    """Chains coloured in the report."""
    resamples: int = 500
    """Bootstrap draws of the interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A whole run, from questions to report."""

    name: str
    """What the run and its report call themselves."""
    model: str = "tiny"
    """`tiny` is the model that ships with seewhy; else a folder in Hugging Face format, or a name on the Hub."""
    questions: QuestionsPlan
    distil: DistilPlan
    mix: MixPlan = field(default_factory=MixPlan)
    sft: FitPlan
    sampling: SamplingPlan
    pairing: PairingPlan = field(default_factory=PairingPlan)
    preference: PreferencePlan = field(default_factory=PreferencePlan)
    fit: FitPlan
    evaluation: EvaluationPlan = field(default_factory=EvaluationPlan)
    rerank: RerankPlan = field(default_factory=RerankPlan)
    credit: CreditPlan = field(default_factory=CreditPlan)
    # Not compared: how closely a training is watched moves no weight, so a run may go on with another.
    guard: GuardPlan = field(default=GUARDED, compare=False)
    features: FeaturePlan = field(default_factory=FeaturePlan)
    adapter: AdapterPlan = field(default_factory=AdapterPlan)
    """Of both trainings, `sft` and `fit`: each makes one of its own and adds it into the model that it hands on."""
    compute: ComputePlan = field(default_factory=ComputePlan)
    """Of all models of the run."""
    teacher: TeacherPlan = field(default_factory=TeacherPlan)
    judge: JudgePlan = field(default_factory=JudgePlan)
    # Not compared: how fast a server is asked and what it may cost changes no reply.
    pace: PacePlan = field(default_factory=PacePlan, compare=False)
    spend: SpendPlan = field(default_factory=SpendPlan, compare=False)
    batch: BatchPlan = field(default_factory=BatchPlan, compare=False)
    canary: CanaryPlan = field(default_factory=CanaryPlan, compare=False)
