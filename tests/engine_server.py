"""An engine on loopback, as vLLM speaks: the shipped tiny model draws, and gives ids and log-probabilities."""

import base64
import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from loopback import Answer, Asked, Rule, as_json

from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.model.families.hub import HubModel
from seewhy.model.loading.written_prompt import written_prompt
from seewhy.model.prompts import prompt_text
from seewhy.records.types import Chain, FinishReason, Question, Response, Style

WINDOW = 2048
LOWER = 0.25
"""Nats that a server which scores takes from every second token, as other weights would."""
DRAWN: dict[tuple[object, ...], tuple[Chain, ...]] = {}
"""What was drawn before: the same asks have the same chains."""


class Engine:
    """A rule of a `LoopServer`; `hides` leaves out what transformers' server does not give."""

    def __init__(self, model: HubModel, questions: Sequence[Question], name: str = "tiny", *, hides: bool = False):
        self.model, self.name, self.hides = model, name, hides
        self.window = WINDOW
        self.known = {
            (prompt_text(one, style), "".join(image.sha256 for image in one.images)): (one, style)
            for one in questions for style in (Style.REASON, Style.DIRECT)
        }  # fmt: skip

    def __call__(self, asked: Asked) -> Answer:
        if asked.method == "GET":
            listed = {"data": [{"id": self.name, "max_model_len": self.window}]}
            return as_json(listed if asked.path.endswith("/models") else {})
        body = asked.body
        content = body["messages"][-1]["content"]
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        text = next(part["text"] for part in parts if part["type"] == "text")
        shown = [part["image_url"]["url"].partition(",")[2] for part in parts if part["type"] == "image_url"]
        found = {key[0]: value for key, value in self.known.items()}
        if shown:
            found = {text: self.known[text, "".join(sha256(base64.b64decode(one)).hexdigest() for one in shown)]}
        mark, _, rest = text.partition(" ")
        question, style = found[text if text in found else rest]
        if text not in found:  # a prompt of text alone that no one else has, with a number before it
            question = replace(question, text=f"{mark} {question.text}")
        how = SamplingParams(temperature=body["temperature"], top_p=body["top_p"], max_tokens=body["max_tokens"],
                             seed=body["seed"])  # fmt: skip
        ask = GenerateRequest(question=question, style=style, count=body.get("n", 1), blind=not shown)
        key = (id(self.model), question.text, question.id, style, not shown, ask.count, how)
        if key not in DRAWN:
            DRAWN[key] = self.model.generate([ask], how)[0]
        chains = DRAWN[key]
        prompt = self.model.prompt(question, style, not shown).ids
        usage = {"prompt_tokens": len(prompt), "completion_tokens": sum(len(one.token_ids or ()) for one in chains)}
        told = {"id": "c", "model": self.name, "choices": [self.choice(one) for one in chains], "usage": usage}
        return as_json(told if self.hides else {**told, "prompt_token_ids": list(prompt)})

    def choice(self, chain: Chain) -> dict[str, object]:
        cut = chain.stop is FinishReason.LENGTH
        told = {"message": {"role": "assistant", "content": chain.text}, "finish_reason": "length" if cut else "stop"}
        if self.hides:
            return told
        content = [{"token": "", "logprob": value} for value in chain.logprobs or ()]
        return {**told, "token_ids": list(chain.token_ids or ()), "logprobs": {"content": content}}


class Scoring(Engine):
    """An engine that scores a reply given as the last message; its weights differ by `lower` on odd tokens."""

    tells_ids, lower = True, LOWER

    def __call__(self, asked: Asked) -> Answer:
        if asked.method == "GET" or "prompt_logprobs" not in asked.body:
            return super().__call__(asked)
        body = asked.body
        assert (body["add_generation_prompt"], body["continue_final_message"], body["max_tokens"]) == (False, True, 1)
        reply = body["messages"][-1]
        assert reply["role"] == "assistant"
        text = next(part["text"] for part in body["messages"][-2]["content"] if part["type"] == "text")
        question, style = next(value for (words, _), value in self.known.items() if words == text)
        ids, values = self.scores(question, style, reply["content"])
        rows = [{str(token): {"logprob": value, "rank": 1, "decoded_token": piece}}
                for token, value, piece in zip(ids, values, self.model.pieces(ids), strict=True)]  # fmt: skip
        before = list(self.model.prompt(question, style, False).ids)
        told = {
            "choices": [],
            "prompt_logprobs": [None, *({"1": {"logprob": -1.0, "decoded_token": "x"}} for _ in before[1:]), *rows],
        }
        return as_json(
            {**told, "prompt_token_ids": [before[0], *[1 for _ in before[1:]], *ids]} if self.tells_ids else told
        )

    def scores(self, question: Question, style: Style, reply: str) -> tuple[list[int], list[float]]:
        """The tokens of a reply and their log-probabilities, each second one lower."""
        ids = self.model.tokenizer(reply, add_special_tokens=False)["input_ids"]
        ask = ScoreRequest(question=question, style=style, responses=(Response(text="", token_ids=tuple(ids)),))
        return ids, [value - self.lower * (place % 2) for place, value in enumerate(self.model.score([ask])[0][0])]


class Native(Scoring):
    """An engine as SGLang: log-probabilities of a prompt by its own `/generate` alone, which takes texts."""

    def __call__(self, asked: Asked) -> Answer:
        if asked.method == "GET" and asked.path.endswith("model_info"):
            return as_json({"model_path": self.name})
        if b"prompt_logprobs" in asked.content:
            return as_json({"choices": [{"index": 0, "message": {"content": ""}, "matched_stop": None}]})
        if asked.path != "/generate":
            return super().__call__(asked)
        body = asked.body
        assert (body["return_logprob"], body["logprob_start_len"], body["return_text_in_logprobs"]) == (True, 0, True)
        shown = "".join(sha256(base64.b64decode(one.partition(",")[2])).hexdigest() for one in body["image_data"])
        question, style, prompt = next(
            (question, style, prompt) for (_, pictures), (question, style) in self.known.items()
            if pictures == shown and body["text"].startswith(prompt := written_prompt(self.model, question, style))
        )  # fmt: skip
        ids, values = self.scores(question, style, body["text"].removeprefix(prompt))
        rows = [[value, token, piece] for value, token, piece in zip(values, ids, self.model.pieces(ids), strict=True)]
        before = self.model.prompt(question, style, False).ids
        told = [[None if not place else -1.0, token, "x"] for place, token in enumerate(before)]
        return as_json({"text": "!", "meta_info": {"input_token_logprobs": [*told, *rows]}})


def changed(rule: Rule, change) -> Rule:
    """A server whose answers to calls are changed: a function of the answer's JSON."""

    def told(asked: Asked) -> Answer:
        answer = rule(asked)
        return answer if asked.method == "GET" else as_json(change(json.loads(answer.body)))

    return told


def recipe_text(urls: Sequence[str], questions: Path, **more: object) -> str:
    """A recipe that draws through an engine."""
    plan = {"name": "served", "models": {"tiny": {"path": "tiny"}}, "inputs": {"questions": str(questions)}, "steps": {
        "chains": {"stage": "sample", "model": "tiny", "questions": "questions", "per_question": 3, "max_tokens": 24,
                   "engine": {"kind": "server", "urls": list(urls), "max_gap": 0}, **more},
    }}  # fmt: skip
    return json.dumps(plan)
