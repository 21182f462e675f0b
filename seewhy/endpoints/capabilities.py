"""What a server was found to understand: learnt from what it gave and from what it refused."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from seewhy.endpoints.chat import Request, ResponseFormat

MAX_TOKENS, MAX_COMPLETION_TOKENS = "max_tokens", "max_completion_tokens"
SCHEMA, OBJECT, NONE, AUTO = "schema", "object", "none", "auto"
ABOUT_FORM = re.compile(r"response_format|json_schema|json_object|structured output|guided|grammar|schema")
ABOUT_LIMIT = re.compile(r"max_completion_tokens")
ABOUT_COUNT = re.compile(r"(?<![\w.])['\"`]?n['\"`]?(?![\w.'])(?=.*(?:choice|param|support|must|>|than|1))|best_of")
ABOUT_SEED = re.compile(r"\bseed\b")
ABOUT_LOGPROBS = re.compile(r"logprobs")


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
    limit_word: str = MAX_TOKENS

    def count_for(self, missing: int) -> int:
        """How many replies the next call asks for."""
        return missing if self.gives_several else 1

    def learn_count(self, asked: int, came: int) -> None:
        """A server that gives fewer choices than it was asked for, and says nothing, is asked for one at a time."""
        if 0 < came < asked:
            self.gives_several = False

    def learn_refusal(self, complaint: str, request: Request, count: int, payload: bytes) -> bool:
        """Whether something can be left out or said otherwise after a refusal, which is then remembered.

        `payload` is what was refused: another call may have learnt the same meanwhile.
        """
        if ABOUT_LIMIT.search(complaint) and b'"max_tokens"' in payload:
            self.limit_word = MAX_COMPLETION_TOKENS
            return True
        if ABOUT_LOGPROBS.search(complaint) and b'"logprobs"' in payload:
            self.gives_logprobs = False
            return True
        if request.form is not None and self.may_change_form and ABOUT_FORM.search(complaint):
            return self._soften_form(payload)
        if ABOUT_SEED.search(complaint) and b'"seed"' in payload:
            self.takes_seed = False
            return True
        if count > 1 and ABOUT_COUNT.search(complaint):
            self.gives_several = False
            return True
        return False

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


def manners_for(form: str) -> ServerCapabilities:
    """What is assumed of a server nobody has spoken to, given a plan's `form`."""
    return ServerCapabilities(form=SCHEMA if form == AUTO else form, may_change_form=form == AUTO)
