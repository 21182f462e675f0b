"""What a run works with: models, and the machine, whose settings change no row."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seewhy.endpoints.plan import BatchPlan, EndpointPlan, PacePlan, SpendPlan
from seewhy.endpoints.vision_check import CanaryPlan
from seewhy.model.plan import FeaturePlan
from seewhy.model.prompt_plan import PromptPlan
from seewhy.records.marks import RARE
from seewhy.records.ranges import require_least
from seewhy.runs.runner_plan import RunnerPlan
from seewhy.training.monitor.plan import GUARDED, GuardPlan
from seewhy.training.parallel.plan import ShardPlan

ORACLE = "oracle"
"""The `base_url` of a model that the run serves itself."""
LOOPBACK = "http://127.0.0.1/v1"
"""Where it is said to be while it does not stand."""

SHORTCUTS = {
    "workers": "machine.workers", "threads": "machine.threads", "dollars": "machine.spend.dollars",
    "runner": "machine.runner.kind", "address": "machine.runner.address",
}  # fmt: skip
"""Options of a command line that have a shorter name than their field."""


def spec_fields(word: str) -> dict[str, str]:
    """Fields of the model that a command line names: weights by folder or name, or a server as NAME@URL.

    Example:
        >>> spec_fields("tiny"), spec_fields("gpt-4o@https://api.openai.com/v1")
        ({'path': 'tiny'}, {'base_url': 'https://api.openai.com/v1', 'model': 'gpt-4o'})
    """
    model, mark, url = word.partition("@http")
    return {"base_url": f"http{url}", "model": model} if mark else {"path": word}


def is_served(word: str) -> bool:
    """Whether a command line names a model behind a server.

    Example:
        >>> is_served("gpt-4o@https://api.openai.com/v1"), is_served("models/mine")
        (True, False)
    """
    return "base_url" in spec_fields(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model that a recipe starts from: weights in a folder or on the Hub, or a model behind a server.

    Example:
        >>> ModelSpec(base_url="http://127.0.0.1:8000/v1", model="oracle").is_server
        True
    """

    path: str = ""
    """Folder in Hugging Face format, name on the Hub, or `tiny`, the model that ships with seewhy."""
    # Not compared, nor is the key: a server may move while a run is stopped.
    base_url: str = field(default="", compare=False)
    """Where a server's paths begin, such as `https://api.openai.com/v1`; empty for weights. `oracle` serves one that
    knows inkgrid's pages on loopback while the run lasts, so that a recipe can be tried without a teacher or judge."""
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
    """Separates the kept replies of two models with the same name and host: a change asks everything anew."""
    prompt: PromptPlan = field(default_factory=PromptPlan)
    """How a model with weights is asked: system text, template, words of each style, picture settings."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """Headers of every request to a server, each with the environment variable that holds its value; Azure's key is
    `api-key: AZURE_OPENAI_API_KEY`."""
    query: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """Parameters of every address of a server, such as Azure's `api-version: 2024-10-21`."""

    def __post_init__(self) -> None:
        """Refuse a model that is neither weights nor a server, or both; and what no server understands."""
        require_least(self, 0, "max_pixels")
        if self.path and (self.headers or self.query):
            raise ValueError("headers and query are of models behind a server; leave them away beside a path")
        if not self.path and not self.prompt.is_usual:
            raise ValueError("prompt is of models with weights; a server has its own template")
        if bool(self.path) == bool(self.base_url or self.model):
            raise ValueError("give a path (weights) or base_url and model (a server), and not both")
        if not self.path and not (self.base_url and self.model):
            raise ValueError("a model behind a server needs base_url and model: name both, such as "
                             "http://127.0.0.1:8000/v1 and what the server calls it")  # fmt: skip
        if self.is_server:
            self.endpoint("")

    @property
    def is_server(self) -> bool:
        """Whether the model is behind a server."""
        return bool(self.base_url)

    @property
    def is_own_oracle(self) -> bool:
        """Whether the run serves the model itself."""
        return self.base_url == ORACLE

    def endpoint(self, cache: str, address: str = "") -> EndpointPlan:
        """The client's settings, with replies kept in the file `cache`, of a server at `address` where it is given."""
        place = address or (LOOPBACK if self.is_own_oracle else self.base_url)
        return EndpointPlan(
            base_url=place, model=self.model, key_variable=self.key_variable, detail=self.detail,
            max_pixels=self.max_pixels, form=self.form, cache=cache, cache_salt=self.cache_salt,
            headers=self.headers, query=self.query,
        )  # fmt: skip

    @property
    def server_identity(self) -> dict[str, object]:
        """What rows depend on of a model behind a server: where it is may change, who it is may not."""
        return {"model": self.model, "cache_salt": self.cache_salt, "detail": self.detail,
                "max_pixels": self.max_pixels}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What changes no row of a run: where it runs, how fast servers are asked, what is kept, what is watched."""

    runner: RunnerPlan = field(default_factory=RunnerPlan)
    """Where blocks of row stages are mapped: processes of this machine, or actors of a Ray cluster."""
    workers: int = 0
    """Processes for stages that map rows through a local model, one thread each, and for `pair` and judges that ask no
    model on many rows; 0 takes one a core, or for models a single process where a GPU is used."""
    threads: int = 0
    """Threads of a training, and of row stages in a single process; 0 takes all cores."""
    pace: PacePlan = field(default_factory=PacePlan)
    """How fast servers are asked, and how patiently."""
    spend: SpendPlan = field(default_factory=SpendPlan)
    """What may be spent, and what a token costs."""
    batch: BatchPlan = field(default_factory=BatchPlan)
    """How a provider's batch API is used."""
    by_batch: bool = False
    """Send a teacher's requests through the provider's batch API: cheaper, within a day."""
    canary: CanaryPlan = field(default_factory=CanaryPlan)
    """The check that a model behind a server sees pictures."""
    guard: GuardPlan = field(default=GUARDED)
    """How closely trainings are watched, and which alarms stop them."""
    shard: ShardPlan = field(default_factory=ShardPlan)
    """How weights are distributed over the processes of a training that has several."""
    features: FeaturePlan = field(default_factory=FeaturePlan)
    """How much is kept of what a frozen vision encoder computes."""
    prompts_mib: int = field(default=0, metadata=RARE)
    """MiB of memory in which each process keeps encoded prompts, pictures and all; 0 takes a sixteenth of the machine's
    memory over its cores, 64 at least."""
    save_every: int = 0
    """Steps between checkpoints; 0 leaves it to each training's own."""

    report_to: tuple[str, ...] = ()
    """Trackers that trainings report to in addition to their files: tensorboard, wandb, mlflow, swanlab, trackio."""

    def __post_init__(self) -> None:
        """Refuse counts below zero."""
        require_least(self, 0, "workers", "threads", "save_every", "prompts_mib")
