"""How the served oracle behaves: how fast it is, what it can, and how often and how it fails."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """A way in which a call goes wrong."""

    RATE_LIMIT = "rate-limit"
    """429 that does not say when to come back."""
    RATE_LIMIT_TOLD = "rate-limit-told"
    """429 with a Retry-After header."""
    SERVER_ERROR = "server-error"
    """500."""
    HANG = "hang"
    """No byte for `hang_s`, then the connection is closed."""
    DRIP = "drip"
    """The whole answer, a piece at a time, over `drip_s`."""
    RESET = "reset"
    """Half of the answer, then the connection is reset."""
    CUT = "cut-json"
    """200 and a body that ends in the middle of its JSON."""
    PROSE = "prose"
    """A JSON reply with words around it."""
    WRONG_IDS = "wrong-ids"
    """A reply whose id is not the one that was asked about."""
    NO_CHOICES = "no-choices"
    """200 and no choice."""
    REFUSAL = "refusal"
    """200 and a refusal in place of each reply."""
    PAGE = "html-page"
    """200 and a page of HTML, as a proxy before the server would send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """How often calls go wrong, and how.

    Example:
        >>> FaultPlan(rate=0.3, kinds=(Fault.RESET,)).rate
        0.3
    """

    rate: float = 0.0
    """Share of calls that go wrong, from 0 to 1."""
    kinds: tuple[Fault, ...] = tuple(Fault)
    """Which faults occur, all alike often; those that do not fit a reply are left out for it."""
    seed: int = 0
    """Seed of the faults: the first, second... call with the same body has the same fate in every run."""
    retry_after_s: int = 1
    """Seconds that a 429 asks to wait, where it says so."""
    hang_s: float = 600.0
    """Seconds until a hanging call is closed."""
    drip_s: float = 600.0
    """Seconds that a dripping answer takes."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate <= 1.0:
            raise ValueError(f"faults.rate is {self.rate:g}; it is a share, from 0 to 1")
        if self.rate and not self.kinds:
            raise ValueError("faults.rate is above 0 and faults.kinds names none; name one, such as server-error")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedPlan:
    """What the served oracle is like.

    Example:
        >>> ServedPlan(latency_s=0.2).one_choice
        False
    """

    error_rate: float = 0.0
    """How often, from 0 to 1, a rationale goes wrong and a judgement is turned round."""
    terse_rate: float = 0.0
    """How often, from 0 to 1, a rationale leaves its steps out."""
    blind: bool = False
    """It takes pictures and does not look at them."""
    seed: int = 0
    """Seed of the oracle's chances."""
    latency_s: float = 0.0
    """Seconds before an answer is sent."""
    one_choice: bool = False
    """One choice whatever `n` says, without an error: so does `transformers serve`."""
    key_env: str = ""
    """Environment variable that holds the key which calls must bring; none is asked for where this is empty."""
    batch_delay_s: float = 0.0
    """Seconds between a batch's submission and its end."""
