"""Which calls go wrong, and what a fault makes of a reply that is JSON."""

import json
import re
from collections.abc import Sequence

from seewhy.benchmarks.ink.posing import generator_at
from seewhy.testing.served.plan import Fault, FaultPlan

IDS = re.compile(r'("id": "|<\w+ id=")')
"""The text before the id that a reply is about."""
REFUSAL = "I am sorry, but I cannot help with that."
HTML = b"<!doctype html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n"


def fault_of(plan: FaultPlan, digest: str, time: int, texts: Sequence[str]) -> Fault | None:
    """What befalls the `time`-th call with the body `digest`: a function of these, of the plan, and of what fits."""
    generator = generator_at("fault", plan.seed, digest, time)
    kinds = [kind for kind in plan.kinds if all(fits(kind, text) for text in texts)]
    if not kinds or generator.random() >= plan.rate:
        return None
    return kinds[int(generator.integers(len(kinds)))]


def fits(fault: Fault, text: str) -> bool:
    """Whether a reply can suffer this fault."""
    match fault:
        case Fault.PROSE:
            return _is_object(text)
        case Fault.WRONG_IDS:
            return IDS.search(text) is not None
        case _:
            return True


def spoil(text: str, fault: Fault | None) -> str:
    """A reply with words around its JSON, or about another id; untouched by every other fault."""
    match fault:
        case Fault.PROSE:
            return f"Sure! Here is my assessment:\n\n```json\n{text}\n```\n\nLet me know if you need anything else."
        case Fault.WRONG_IDS:
            return IDS.sub(r"\1other-", text)
        case _:
            return text


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
