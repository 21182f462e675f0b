"""A question with a picture, replies to it, and what a judge's prompt says, written short."""

import json
import re

from seewhy.endpoints.chat import Request
from seewhy.records.types import Chain, FinishReason, Gold, ImageRef, MatchRule, Question, Split, Style

SUM = Question(
    id="inkgrid/test/0/7", benchmark="inkgrid", split=Split.TEST, text="What is the sum of row 2?",
    images=(ImageRef(sha256="ab12", path="page.png"),), gold=Gold(answers=("5",), rule=MatchRule.EXACT),
    facets={"kind": "row_sum", "noise": "low", "page": "357/104/288"},
)  # fmt: skip
RIGHT = "Row 2 reads 1, 0, 4. 1 plus 0 is 1. 1 plus 4 is 5. The sum is 5. ### Answer: 5"
WRONG = "Row 2 reads 1, 0, 7. 1 plus 0 is 1. 1 plus 7 is 8. The sum is 8. ### Answer: 8"


def chain_of(text: str, index: int = 0, question: Question = SUM) -> Chain:
    return Chain(
        question_id=question.id,
        index=index,
        style=Style.REASON,
        text=text,
        stop=FinishReason.END,
        sampler="pupil",
        seed=0,
    )


def id_in(request: Request) -> str:
    """The id that a prompt asks to be repeated."""
    found = re.search(r'<\w+ id="(\w+)">', request.messages[0].text)
    assert found, "the prompt names no id"
    return found[1]


def grades_for(request: Request, overall: int = 4, **others: object) -> str:
    """A reply to the rubric's prompt that has the form."""
    fields = {
        "id": id_in(request), "explanation": "so", "reasoning_quality": 3, "visual_evidence": 4, "answer_accuracy": 5,
        "unique_insights": 2, "overall": overall,
    }  # fmt: skip
    return json.dumps(fields | others)
