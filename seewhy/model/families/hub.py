"""Any Hugging Face vision-language model, by its folder or its name on the Hub."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModelForImageTextToText, AutoProcessor, PreTrainedModel, ProcessorMixin

from seewhy.model.api import Ask, Decoding, ScoreAsk
from seewhy.model.decode import Drawn, check_drawing, draw
from seewhy.model.encoding import encode
from seewhy.model.group import Group, Prompt, tokens_of
from seewhy.model.pictures import picture_files
from seewhy.model.prompt_cache import PromptCache
from seewhy.model.prompts import prompt_text
from seewhy.model.scores import Path as ScorePath
from seewhy.model.scores import PathCheck, check_head, check_paths, packed_logps, separate_logps
from seewhy.model.sight import Sight
from seewhy.records.types import Chain, Question, Response, Stop, Style

TOWER_WORDS = ("vision_tower", "vision_model", "visual", "vision_encoder")
PROJECTOR_WORDS = ("projector", "connector", "merger")
ROUGH = 5e-2
"""Largest gap between packed and separate rows that half precision is forgiven."""
LOG = logging.getLogger(__name__)


class HubModel:
    """A net with its processor: encodes questions, draws chains, scores responses."""

    def __init__(self, net: PreTrainedModel, processor: ProcessorMixin, name: str, row_tokens: int = 8192) -> None:
        """`row_tokens` bounds the tokens of one packed forward that needs no gradient."""
        self.net = net.eval()
        self.processor = processor
        self.name = name
        self.row_tokens = row_tokens
        self.checks: dict[bool, PathCheck] = {}
        """What packed rows were found to be on this net, for prompts without and with pictures."""
        self.draw_checks: dict[bool, PathCheck] = {}
        """What drawing by branches was found to be, likewise."""
        self.tokenizer = processor.tokenizer  # pyright: ignore[reportAttributeAccessIssue]
        self._ends, self._closing = _turn_end(processor, net)
        self._texts: dict[int, str] = {}
        self.prompts = PromptCache()
        self.sight = Sight(self.net)

    @classmethod
    def load(
        cls, source: str | Path, *, label: str = "", dtype: torch.dtype = torch.float32, device: str = "cpu"
    ) -> "HubModel":
        """Load a folder in Hugging Face format, or a model of the Hub; `label` is its name in rows."""
        processor = AutoProcessor.from_pretrained(source)
        net = AutoModelForImageTextToText.from_pretrained(source, dtype=dtype)
        net.to(device)  # pyright: ignore[reportArgumentType]
        return cls(net, processor, label or str(source))

    def save(self, directory: Path) -> None:
        """Write net and processor in Hugging Face format."""
        self.net.save_pretrained(directory)
        self.processor.save_pretrained(directory)

    @property
    def processor_fingerprint(self) -> str:
        """Hash of the chat template, picture settings and vocabulary: equal ones encode prompts alike."""
        parts = self.processor.to_json_string() + repr(sorted(self.tokenizer.get_vocab().items()))
        return hashlib.sha256(f"{parts}{self.net.dtype}".encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Hash of all weights and of the processor."""
        digest = hashlib.sha256(self.processor_fingerprint.encode())
        for name, tensor in sorted(self.net.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """Parameters of the vision tower, the projector and the language model."""
        groups: dict[str, list[nn.Parameter]] = {"tower": [], "projector": [], "language": []}
        for name, parameter in self.net.named_parameters():
            if any(word in name for word in PROJECTOR_WORDS):
                groups["projector"].append(parameter)
            elif any(word in name for word in TOWER_WORDS):
                groups["tower"].append(parameter)
            else:
                groups["language"].append(parameter)
        return groups

    def prompt(self, question: Question, style: Style, blind: bool = False) -> Prompt:
        """Token ids and picture tensors of a question; kept in bounded memory, by words and picture bytes."""
        files = [] if blind else picture_files(question)
        words = prompt_text(question, style)
        key = (words, tuple(file.digest for file in files))
        return self.prompts.get(key, lambda: encode(self.net, self.processor, question.id, words, files))

    def response_ids(self, response: Response) -> tuple[int, ...]:
        """The ids as sampled, or those of the text followed by the end of the turn."""
        if response.token_ids is not None:
            return response.token_ids
        return (*self.tokenizer(response.text, add_special_tokens=False)["input_ids"], *self._closing)

    def group_tokens(self, group: Group) -> int:
        """Tokens of the group's packed row."""
        return tokens_of(group)

    def group_logps(self, groups: Sequence[Group]) -> list[list[Tensor]]:
        """Per group, per response: float32 log-probabilities of its tokens; differentiable."""
        match self.path_of([group.prompt for group in groups]):
            case ScorePath.PACKED:
                return packed_logps(self.net, self.sight.groups(groups))
            case ScorePath.SEPARATE:
                return separate_logps(self.net, self.sight.groups(groups))

    def settle_path(self, asks: Sequence[ScoreAsk]) -> PathCheck:
        """Score a few groups packed and separate, value and gradient, and take the path that can be trusted."""
        groups = [self.group(ask) for ask in asks]
        check = self._check(groups)
        self.checks.update((bool(group.prompt.pictures), check) for group in groups)
        return check

    @property
    def path(self) -> ScorePath:
        """Separate once packed rows were found to be wrong on this net."""
        return ScorePath.PACKED if all(check.is_packed for check in self.checks.values()) else ScorePath.SEPARATE

    def path_of(self, prompts: Sequence[Prompt]) -> ScorePath:
        """How these prompts run: packed, unless that was found to be wrong on this net.

        Where `settle_path` has not spoken, the first prompt with a picture and the first without are tried.
        """
        for prompt in prompts:
            if bool(prompt.pictures) not in self.checks:
                trial = Group(prompt=prompt, responses=self._trial_responses())
                self.checks[bool(prompt.pictures)] = self._check([trial])
        trusted = all(self.checks[bool(prompt.pictures)].is_packed for prompt in prompts)
        return ScorePath.PACKED if trusted else ScorePath.SEPARATE

    def _trial_responses(self) -> tuple[tuple[int, ...], ...]:
        """Words from all over the vocabulary: what repeats the prompt could leave a layer's state as it was."""
        banned = {*self._banned(), *self._ends}
        words = [token for token in range(len(self.tokenizer)) if token not in banned]
        spread = words[:: max(1, len(words) // 16)]
        return tuple(spread[:12:2]), tuple(spread[1:9:2])

    @property
    def _is_exact(self) -> bool:
        """Whether two ways to one number may differ by rounding of float32 alone."""
        return self.net.dtype in (torch.float32, torch.float64)

    def _check(self, groups: Sequence[Group]) -> PathCheck:
        check_head(self.net, groups[0], 1e-4 if self._is_exact else ROUGH)
        check = check_paths(self.net, groups) if self._is_exact else check_paths(self.net, groups, ROUGH, ROUGH)
        self._tell(check)
        return check

    def _tell(self, check: PathCheck) -> None:
        if not check.is_packed:
            LOG.warning("%s: %s", self.name, check.why)

    def group(self, ask: ScoreAsk) -> Group:
        """The encoded group of a prompt and its responses."""
        return Group(
            prompt=self.prompt(ask.question, ask.style, ask.blind),
            responses=tuple(self.response_ids(response) for response in ask.responses),
        )

    @torch.no_grad()
    def score(self, asks: Sequence[ScoreAsk]) -> list[tuple[tuple[float, ...], ...]]:
        """Per-token log-probabilities of each response of each ask."""
        scored: list[tuple[tuple[float, ...], ...]] = []
        for batch in batches([self.group(ask) for ask in asks], self.row_tokens):
            scored.extend(tuple(tuple(row.tolist()) for row in rows) for rows in self.group_logps(batch))
        return scored

    @torch.no_grad()
    def generate(self, asks: Sequence[Ask], decoding: Decoding) -> list[tuple[Chain, ...]]:
        """Chains of each ask, batched by the token budget."""
        prompts = [self.prompt(ask.question, ask.style, ask.blind) for ask in asks]
        chains: list[tuple[Chain, ...]] = []
        for start, stop in self._decode_blocks(asks, prompts, decoding):
            path = self._drawing_path(prompts[start:stop], asks[start:stop])
            seen = self.sight.prompts(prompts[start:stop])
            drawn = draw(self.net, seen, asks[start:stop], decoding, self._ends, self._banned(), path)
            chains.extend(self._chains(ask, rows, decoding) for ask, rows in zip(asks[start:stop], drawn, strict=True))
        return chains

    def _drawing_path(self, prompts: Sequence[Prompt], asks: Sequence[Ask]) -> ScorePath:
        """How chains of these prompts are drawn: as they are scored, unless branches were found to draw others."""
        if self.path_of(prompts) is ScorePath.SEPARATE:
            return ScorePath.SEPARATE
        for prompt, ask in zip(prompts, asks, strict=True):
            if bool(prompt.pictures) not in self.draw_checks:
                check = check_drawing(self.net, prompt, ask, self._banned(), 1e-4 if self._is_exact else ROUGH)
                self._tell(check)
                self.draw_checks[bool(prompt.pictures)] = check
        trusted = all(self.draw_checks[bool(prompt.pictures)].is_packed for prompt in prompts)
        return ScorePath.PACKED if trusted else ScorePath.SEPARATE

    def _decode_blocks(
        self, asks: Sequence[Ask], prompts: Sequence[Prompt], decoding: Decoding
    ) -> list[tuple[int, int]]:
        """Ranges of asks whose prompts and chains together stay within four times the token budget."""
        blocks: list[tuple[int, int]] = []
        start, used = 0, 0
        for number, (ask, prompt) in enumerate(zip(asks, prompts, strict=True)):
            cost = len(prompt.ids) + ask.count * decoding.max_tokens
            if number > start and used + cost > 4 * self.row_tokens:
                blocks.append((start, number))
                start, used = number, 0
            used += cost
        return [*blocks, (start, len(asks))] if asks else []

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text of each token; special tokens have none. Joined, the pieces are the decoded text."""
        texts = [self._text_of(token) for token in ids]
        if "".join(texts) == self.tokenizer.decode(ids, skip_special_tokens=True):
            return texts
        # A character may be spread over several tokens: then it is the piece of the token that completes it.
        wholes = [self.tokenizer.decode(ids[: end + 1], skip_special_tokens=True) for end in range(len(ids))]
        complete = [*(whole.rstrip("\ufffd") for whole in wholes[:-1]), wholes[-1]]
        return [whole[len(before) :] for before, whole in pairwise(["", *complete])]

    def _text_of(self, token: int) -> str:
        if token not in self._texts:
            self._texts[token] = self.tokenizer.decode([token], skip_special_tokens=True)
        return self._texts[token]

    def _banned(self) -> tuple[int, ...]:
        """Placeholder tokens: a chain that holds one would break its next forward pass."""
        config = self.net.config.to_dict()
        names = ("image_token_id", "image_token_index", "video_token_id", "audio_token_id")
        return tuple(sorted({config[name] for name in names if config.get(name) is not None}))

    def _chains(self, ask: Ask, rows: Sequence[Drawn], decoding: Decoding) -> tuple[Chain, ...]:
        texts = self.tokenizer.batch_decode([row.ids for row in rows], skip_special_tokens=True)
        return tuple(
            Chain(
                question_id=ask.question.id,
                index=ask.first + place,
                style=ask.style,
                text=text.strip(),
                token_ids=row.ids,
                logprobs=row.logprobs,
                stop=Stop.END if row.ended else Stop.LENGTH,
                sampler=self.name,
                seed=decoding.seed,
            )
            for place, (row, text) in enumerate(zip(rows, texts, strict=True))
        )


def batches(groups: Sequence[Group], row_tokens: int) -> list[list[Group]]:
    """Consecutive groups whose packed rows stay within `row_tokens`; a larger group stands alone."""
    cut: list[list[Group]] = []
    used = 0
    for group in groups:
        cost = tokens_of(group)
        if not cut or used + cost > row_tokens:
            cut.append([])
            used = 0
        cut[-1].append(group)
        used += cost
    return cut


def _turn_end(processor: ProcessorMixin, net: PreTrainedModel) -> tuple[frozenset[int], tuple[int, ...]]:
    """Tokens that end a chain, and the tokens that the chat template puts after a reply up to the first of them."""
    tokenizer = processor.tokenizer  # pyright: ignore[reportAttributeAccessIssue]
    configured = net.generation_config.eos_token_id if net.generation_config is not None else None
    listed = configured if isinstance(configured, list) else [configured]
    ends = frozenset(int(token) for token in [*listed, tokenizer.eos_token_id] if token is not None)
    if not ends:
        raise ValueError("the model names no end-of-turn token: set eos_token_id in its generation_config.json")
    probe = "seewhy probe"
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": [{"type": "text", "text": "?"}]},
        {"role": "assistant", "content": [{"type": "text", "text": probe}]},
    ]
    rendered = processor.apply_chat_template(turns, add_generation_prompt=False)
    closing: list[int] = []
    for token in tokenizer(rendered.split(probe)[-1], add_special_tokens=False)["input_ids"]:
        closing.append(token)
        if token in ends:
            return ends, tuple(closing)
    return ends, (min(ends),)
