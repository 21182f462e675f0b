"""The settings of a model behind a server: which one, how fast it is asked, and what it may cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from seewhy.records.ranges import require_above, require_least

DETAILS = ("low", "high", "auto")
FORMS = ("auto", "schema", "object", "none")
WELL, LISTS_MODEL, NEVER = "well", "lists model", "never"


def require_address(field: str, url: str) -> None:
    """ValueError where the address of a server in a field is not written whole."""
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{field} {url!r} does not begin with http:// or https://; write it whole, such as "
                         "http://127.0.0.1:8000/v1")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """Which server is asked for which model, and how a request to it looks.

    Example:
        >>> EndpointPlan(base_url="http://127.0.0.1:8000/v1", model="qwen2.5-vl-7b").key_variable
        ''
    """

    base_url: str
    """Where the server's paths begin, such as `https://api.openai.com/v1` or `http://127.0.0.1:8000/v1`."""
    model: str
    """The model's name as the server knows it."""
    key_variable: str = ""
    """The environment variable that holds the key, such as `OPENAI_API_KEY`; empty where the server wants none."""
    detail: str = "auto"
    """How closely the server is asked to look at pictures: `low`, `high` or `auto`."""
    max_pixels: int = 0
    """A picture with more pixels is made smaller before it is sent; 0 sends the bytes of the file as they are."""
    form: str = "auto"
    """How a reply's form is asked for: by JSON `schema`, as a JSON `object`, not at all (`none`), or what works."""
    cache: str = field(default="", compare=False)
    """The file that keeps what came back, so that nothing is paid for twice; empty keeps it in memory alone."""
    cache_salt: str = ""
    """Separates replies of two models that have the same name and host: a change asks everything anew."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """Headers of every request, each with the environment variable that holds its value."""
    query: Mapping[str, str] = field(default_factory=dict[str, str], compare=False)
    """Parameters of every address, such as Azure's `api-version`."""
    more_urls: tuple[str, ...] = field(default=(), compare=False)
    """Further servers of the same model: a call goes to the one with the fewest in flight."""
    comes_back: str = field(default=WELL, compare=False)
    """When a server that failed is asked again: once it is well, once it lists the model too (`lists model`), or only
    where no other is left (`never`): one that was started anew may have other weights than it was given."""

    def __post_init__(self) -> None:
        """Refuses what no server understands, by name."""
        require_address("base_url", self.base_url)
        if not self.model:
            raise ValueError("model is empty; name the model as the server does")
        back = ("comes_back", self.comes_back, (WELL, LISTS_MODEL, NEVER))
        for name, value, known in (("detail", self.detail, DETAILS), ("form", self.form, FORMS), back):
            if value not in known:
                raise ValueError(f"{name} {value!r}: there are {', '.join(known)}")
        require_least(self, 0, "max_pixels")


@dataclass(frozen=True, slots=True, kw_only=True)
class PacePlan:
    """How fast a server is asked, and how patiently.

    Example:
        >>> PacePlan(concurrency=200, requests_per_minute=3000).tries
        6
    """

    concurrency: int = 16
    """Calls in flight at once, at most."""
    requests_per_minute: int = 0
    """The provider's limit, which calls are spread evenly under; 0 is none."""
    tokens_per_minute: int = 0
    """The provider's limit of tokens in and out, the most a call may bring counted before it; 0 is none."""
    tries: int = 6
    """How often one call is made before it counts as failed."""
    deadline_s: float = 120.0
    """Seconds that one try may take, from the first byte sent to the last received."""
    first_wait_s: float = 0.5
    """Seconds before the second try; each further wait is up to twice as long, and a random part of it is left out."""
    longest_wait_s: float = 60.0
    """Seconds of the longest such wait, and of the longest Retry-After that is waited for."""

    def __post_init__(self) -> None:
        """Refuses a pace at which nothing would be asked."""
        require_least(self, 1, "concurrency", "tries")
        require_above(self, 0, "deadline_s")
        require_least(self, 0, "requests_per_minute", "tokens_per_minute", "first_wait_s", "longest_wait_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendPlan:
    """What may be spent, by all runs on one cache file together, and what a token costs.

    Example:
        >>> SpendPlan(dollars=5.0).is_free
        False
    """

    dollars: float = 0.0
    """Bound on what is spent: a call that could go over it is not made; 0 sets no bound."""
    tokens: int = 0
    """The same for tokens in and out; 0 sets no bound."""
    prices: str = ""
    """File of prices, as YAML, that take precedence over those that ship with seewhy; empty takes the shipped ones."""
    is_free: bool = False
    """Tokens cost nothing, as on a server of one's own."""

    def __post_init__(self) -> None:
        """Refuses a bound below nothing."""
        require_least(self, 0, "dollars", "tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """How a provider's batch API is used.

    Example:
        >>> BatchPlan().poll_s
        30.0
    """

    poll_s: float = 30.0
    """Seconds between two looks at a batch."""
    lines: int = 50_000
    """Calls of one batch at most; OpenAI takes 50,000."""
    rounds: int = 3
    """How often what failed or came short is ordered again."""
    window: str = "24h"
    """How long the provider may take, in its own words."""

    def __post_init__(self) -> None:
        """Refuses batches of nothing."""
        require_above(self, 0, "poll_s")
        require_least(self, 1, "lines", "rounds")
