"""Which calls go wrong, and what a fault makes of a reply that is JSON."""

import json

from seewhy.benchmarks.ink.posing import generator_at
from seewhy.testing.served.plan import Fault, FaultPlan

OF_JSON = {Fault.PROSE, Fault.WRONG_IDS}
REFUSAL = "I am sorry, but I cannot help with that."
HTML = b"<!doctype html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n"


def fault_of(plan: FaultPlan, digest: str, time: int, *, is_json: bool) -> Fault | None:
    """What befalls the `time`-th call with the body `digest`: a function of these and the plan's seed."""
    generator = generator_at("fault", plan.seed, digest, time)
    kinds = [kind for kind in plan.kinds if is_json or kind not in OF_JSON]
    if not kinds or generator.random() >= plan.rate:
        return None
    return kinds[int(generator.integers(len(kinds)))]


def spoil(text: str, fault: Fault | None) -> str:
    """A JSON reply with words around it, or about other ids; other replies stay as they are."""
    if fault is Fault.PROSE:
        return f"Sure! Here is my assessment:\n\n```json\n{text}\n```\n\nLet me know if you need anything else."
    return json.dumps(_renamed(json.loads(text))) if fault is Fault.WRONG_IDS else text


def is_object(text: str) -> bool:
    """Whether a reply is a JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _renamed(value: object) -> object:
    match value:
        case dict():
            return {name: f"other-{one}" if name == "id" else _renamed(one) for name, one in value.items()}
        case list():
            return [_renamed(one) for one in value]
        case _:
            return value
