"""What a server was found to understand: learnt from what it gave and from what it refused."""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass

from seewhy.endpoints.chat import Request, ResponseFormat
from seewhy.endpoints.engine.words import FIELDS, NEXT_WORDS, refused_words

LOG = logging.getLogger(__name__)
MAX_TOKENS, MAX_COMPLETION_TOKENS = "max_tokens", "max_completion_tokens"
SCHEMA, OBJECT, NONE, AUTO = "schema", "object", "none", "auto"
ABOUT_FORM = re.compile(r"response_format|json_schema|json_object|structured output|guided|grammar|schema")
ABOUT_LIMIT = re.compile(r"max_(?:completion|output|new)_tokens")
REFUSED = re.compile(
    r"unsupported|not support|not permitted|not allowed|not accept|unknown|unrecogni[sz]ed|unexpected|only the default"
    r"|deprecated|extra_forbidden|instead"
)
"""A parameter is refused as such, and not for its value: that is the plan's to change."""
NOT_BOTH = re.compile(r"(?:not|n't|cannot|either)\b.{0,20}\bboth\b|only one|together|mutually exclusive")
ABOUT_COUNT = re.compile(r"(?<![\w.])['\"`]?n['\"`]?(?![\w.'])(?=.*(?:choice|param|support|must|>|than|1))|best_of")
SAMPLING = ("temperature", "top_p")
ABOUT_SEED = re.compile(r"\bseed\b")
ABOUT_LOGPROBS = re.compile(r"logprobs")
ABOUT_STREAM = re.compile(r"\bstream(?:ing|ed)?\b")


@dataclass(slots=True)
class ServerCapabilities:
    """How one server is spoken to; one object a client, shared by its calls."""

    form: str = SCHEMA
    """`schema`, `object` or `none`."""
    may_change_form: bool = True
    gives_several: bool = True
    """Several choices come in one call."""
    takes_seed: bool = True
    gives_logprobs: bool = True
    takes_stream: bool = True
    """Gives a reply in pieces."""
    takes_temperature: bool = True
    takes_top_p: bool = True
    takes_both: bool = True
    """Temperature and top_p in one request."""
    limit_word: str = MAX_TOKENS
    drawn_words: str = FIELDS
    """How an engine is told everything about how it draws: `endpoints/engine/words.py` has the ways."""

    def count_for(self, missing: int) -> int:
        """How many replies the next call asks for."""
        return missing if self.gives_several else 1

    def may_stream(self, request: Request, count: int) -> bool:
        """Whether a call can come in pieces: of one reply, of which its text alone is wanted."""
        return self.takes_stream and count == 1 and request.drawn is None and not request.top_logprobs

    def learn_count(self, asked: int, came: int) -> None:
        """A server that gives fewer choices than it was asked for, and says nothing, is asked for one at a time."""
        if 0 < came < asked:
            self.gives_several = False

    def learn_refusal(self, complaint: str, request: Request, count: int, payload: bytes) -> bool:
        """Whether something can be left out or said otherwise after a refusal, which is then remembered.

        `payload` is what was refused: another call may have learnt the same meanwhile.
        """
        if request.drawn is not None and self._learn_words(complaint, payload):
            return True
        if self._learn_limit(complaint, payload) or self._learn_sampling(complaint, payload):
            return True
        if ABOUT_LOGPROBS.search(complaint) and b'"logprobs"' in payload:
            self.gives_logprobs = False
            return True
        if request.form is not None and self.may_change_form and ABOUT_FORM.search(complaint):
            return self._soften_form(payload)
        if ABOUT_SEED.search(complaint) and b'"seed"' in payload:
            self.takes_seed = False
            return True
        if ABOUT_STREAM.search(complaint) and REFUSED.search(complaint) and b'"stream"' in payload:
            self.takes_stream = False
            return True
        if count > 1 and ABOUT_COUNT.search(complaint):
            self.gives_several = False
            return True
        return False

    def _learn_words(self, complaint: str, payload: bytes) -> bool:
        """Takes the next way to say how is drawn, where what is refused is a field of this one."""
        refused = refused_words(complaint, payload)
        if not refused:
            return False
        if self.drawn_words == refused:
            self.drawn_words = NEXT_WORDS[refused]
            LOG.warning("the server refuses %s: %s", refused, complaint[:200])
        return True

    def _learn_limit(self, complaint: str, payload: bytes) -> bool:
        if b'"max_tokens"' not in payload:
            return False
        named = ABOUT_LIMIT.search(complaint)
        if named is None and not ("max_tokens" in complaint and REFUSED.search(complaint)):
            return False
        self.limit_word = named.group() if named else MAX_COMPLETION_TOKENS
        return True

    def _learn_sampling(self, complaint: str, payload: bytes) -> bool:
        """Leaves out what is refused of temperature and top_p, and says so the first time."""
        names = [name for name in SAMPLING if name in complaint and f'"{name}"'.encode() in payload]
        if len(names) == len(SAMPLING) and NOT_BOTH.search(complaint):
            if self.takes_both:
                LOG.warning(
                    "the server takes no temperature together with a top_p: of the two, the one that is 1 is left out"
                )
            self.takes_both = False
            return True
        if not names or not REFUSED.search(complaint):
            return False
        left_out = [name for name in names if self._takes(name)]
        if left_out:
            LOG.warning("the server takes no %s: the model draws by its own settings", " and no ".join(left_out))
        self.takes_temperature = self.takes_temperature and "temperature" not in names
        self.takes_top_p = self.takes_top_p and "top_p" not in names
        return True

    def _takes(self, name: str) -> bool:
        return self.takes_temperature if name == "temperature" else self.takes_top_p

    def sampling_for(self, temperature: float, top_p: float) -> tuple[float | None, float | None]:
        """Temperature and top_p as they are sent; None is left out."""
        sent = temperature if self.takes_temperature else None, top_p if self.takes_top_p else None
        if self.takes_both or None in sent:
            return sent
        return (None, top_p) if temperature == 1.0 and top_p != 1.0 else (temperature, None)

    def _soften_form(self, payload: bytes) -> bool:
        if b'"json_schema"' in payload:
            self.form = OBJECT if self.form == SCHEMA else self.form
            return True
        if b'"json_object"' in payload:
            self.form = NONE
            return True
        return False


def form_words(kind: str, form: ResponseFormat) -> Mapping[str, object]:
    """The words of a request that ask for a form, by what its server understands."""
    if kind == SCHEMA:
        schema = {"name": form.name, "strict": True, "schema": json.loads(form.schema)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}
    return {"response_format": {"type": "json_object"}} if kind == OBJECT else {}


def capabilities_for(form: str) -> ServerCapabilities:
    """What is assumed of a server before its first reply, given a plan's `form`."""
    return ServerCapabilities(form=SCHEMA if form == AUTO else form, may_change_form=form == AUTO)
