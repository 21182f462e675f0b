"""Any Hugging Face vision-language model, by its folder or its name on the Hub."""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from threading import RLock

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, ProcessorMixin

from seewhy.model.api import GenerateRequest, SamplingParams, ScoreRequest
from seewhy.model.generation.batches import Batches
from seewhy.model.generation.continuing import as_chains, beginning_ids, continued
from seewhy.model.generation.decode import Drawn, check_drawing, draw
from seewhy.model.loading import adapter_files, adapters
from seewhy.model.loading.encoding import check_length, encode, without_last
from seewhy.model.loading.ends import end_tokens, tell_unused
from seewhy.model.loading.opening import ON_CPU, as_held, as_planned, open_net
from seewhy.model.loading.parts import PARTS, part_of_parameters
from seewhy.model.loading.prompt_cache import KeepsPrompts, PromptCache
from seewhy.model.loading.prompting import open_prompting, write_instructions
from seewhy.model.loading.replies import Replies
from seewhy.model.loading.root import Root
from seewhy.model.loading.supported import check_supported
from seewhy.model.packed.budget import spans_within
from seewhy.model.packed.continued import continued_logps
from seewhy.model.packed.dropping import dropping
from seewhy.model.packed.group import Group, Prompt, tokens_of
from seewhy.model.packed.head import scoring_as_drawn
from seewhy.model.packed.parting import ONE_ROW
from seewhy.model.packed.precision import groups_as, in_float32, prompts_as
from seewhy.model.packed.recompute import enable_checkpointing
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.packed.scores import packed_logps, separate_logps
from seewhy.model.packed.sending import read_groups
from seewhy.model.packed.trials import PathCheck, check_head, check_paths, least_trusting
from seewhy.model.plan import FLOAT32, AdapterPlan, ComputePlan
from seewhy.model.prompt_plan import AS_IS, PromptPlan
from seewhy.model.prompts import USUAL, prompt_turns, turns_key
from seewhy.model.vision.image_features import ImageFeatures
from seewhy.model.vision.pictures import picture_files
from seewhy.records.types import Chain, Question, Response, Style

LOG = logging.getLogger(__name__)


class HubModel:
    """A net with its processor: encodes questions, draws chains, scores responses."""

    def __init__(
        self, net: PreTrainedModel, processor: ProcessorMixin, name: str, row_tokens: int = 8192,
        compute: ComputePlan = ON_CPU, instructions: Mapping[str, str] = USUAL,
    ) -> None:  # fmt: skip
        """`row_tokens` bounds the tokens of one packed forward that needs no gradient; of `compute`, its precision
        and gradient checkpointing are read here, and the rest where a net is opened.
        """
        check_supported(net)
        self.net = net.eval()
        self.root: nn.Module = Root(self.net)
        self.compute, self.processor, self.name, self.row_tokens = compute, processor, name, row_tokens
        if compute.gradient_checkpointing:
            enable_checkpointing(net)
        self.checks: dict[bool, PathCheck] = {}
        """What packed rows were found to be on this net, for prompts without and with pictures."""
        self.draw_checks: dict[bool, PathCheck] = {}
        """What drawing by branches was found to be, likewise."""
        self.tokenizer = processor.tokenizer  # pyright: ignore[reportAttributeAccessIssue]
        self.replies = Replies(processor, end_tokens(processor, net), name)
        self.prompts: KeepsPrompts = PromptCache()
        self.encoding = RLock()
        """Held while words become tokens: a tokenizer is not used by two threads at once."""
        self.instructions, self.image_features = instructions, ImageFeatures(self.net)
        self.watch: Callable[[int], None] | None = None
        self.draw_bytes = 0
        """Memory that drawing may take; 0 asks the device."""

    @classmethod
    def load(
        cls, source: str | Path, *, label: str = "", compute: ComputePlan = ON_CPU, masters: bool = False,
        prompt: PromptPlan = AS_IS,
    ) -> "HubModel":  # fmt: skip
        """Load a folder in Hugging Face format, a model of the Hub, or an adapter's folder with its base.

        `label` is its name in rows; `masters` keeps float32 weights in any precision, so that they can be trained.
        """
        net, asked = open_net(source, compute, masters), open_prompting(source, prompt)
        tell_unused(label or str(source), net)
        return cls(net, asked[0], label or str(source), compute=compute, instructions=asked[1])

    def adapt(self, plan: AdapterPlan) -> None:
        """Put an adapter into the net, which alone is trained then; rank 0 puts none, `go_on` keeps the net's own."""
        adapters.put(self.net, plan, lambda: self.parameter_groups()["language"])

    def adapter_off(self) -> AbstractContextManager[None]:
        """While the context lasts, the model is what it was before it had its adapter."""
        return adapters.without_adapter(self.net)

    def dropping(self, address: str) -> AbstractContextManager[None] | None:
        """While it lasts, the adapter drops by this address and by example; None where it has no dropout."""
        return dropping(address) if adapters.drops(self.net) else None

    def save(self, directory: Path) -> None:
        """Write net and processor in Hugging Face format, an adapter added into the weights."""
        adapter_files.save_merged(self.net, directory) if self.has_adapter else self.net.save_pretrained(directory)
        self.processor.save_pretrained(directory)
        write_instructions(directory, self.instructions)

    @property
    def has_adapter(self) -> bool:
        """Whether the net carries an adapter."""
        return adapters.is_adapted(self.net)

    def save_adapter(self, directory: Path) -> None:
        """Write the adapter alone, in peft's format."""
        adapter_files.save_adapter(self.net, directory)

    @property
    def settings(self) -> Mapping[str, str]:
        """What a run with this model depends on besides its weights, where it is not the usual without an adapter."""
        return self.compute.arithmetic | ({"adapter": adapters.describe(self.net)} if self.has_adapter else {})

    @property
    def processor_fingerprint(self) -> str:
        """Hash of the chat template, picture settings and vocabulary: equal ones encode prompts alike."""
        parts = self.processor.to_json_string() + repr(sorted(self.tokenizer.get_vocab().items()))
        parts += "".join(f"{name}: {words}" for name, words in sorted(self.instructions.items()))
        return hashlib.sha256(f"{parts}{self.processor.chat_template}{self.net.dtype}".encode()).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Hash of all weights, the processor and the precision; an adapter that adds nothing yet is as none."""
        precision = self.compute.precision.removeprefix(FLOAT32) + ("tf32" if self.compute.tf32 else "")
        digest = hashlib.sha256(f"{self.processor_fingerprint}{precision}".encode())
        for name, tensor in sorted(adapters.telling_weights(self.net).items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().flatten().contiguous().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """Parameters of the towers (vision, audio), of the projector and of the language model."""
        part_of = part_of_parameters(self.net)
        return {part: [p for name, p in self.net.named_parameters() if part_of[name] == part] for part in PARTS}

    def prompt(self, question: Question, style: Style, blind: bool = False) -> Prompt:
        """Token ids and picture tensors of a question; kept in bounded memory, by words and picture bytes."""
        files = [] if blind else picture_files(question)
        turns = prompt_turns(question, style, self.instructions, blind=blind)
        key = (turns_key(turns), tuple(file.digest for file in files))

        def encoded() -> Prompt:
            with self.encoding:
                made = encode(self.net, self.processor, question.id, turns, files)
            return without_last(made, self.replies.leftover)

        return self.prompts.get(key, encoded)

    def response_ids(self, response: Response) -> tuple[int, ...]:
        """The ids as sampled, or those of the text as the chat template writes it, up to the end of the turn.

        Raises ValueError where the ids spell another text than the response's, as those of another vocabulary do.
        """
        if response.token_ids is not None:
            self.replies.check_spelling(response)
            return response.token_ids
        with self.encoding:
            return self.replies.ids(response.text)

    def as_drawn(self, temperature: float) -> AbstractContextManager[None]:
        """While it lasts, log-probabilities are those of chains drawn at this temperature."""
        return scoring_as_drawn(temperature, self.banned())

    def group_tokens(self, group: Group) -> int:
        """Tokens of the group's packed row."""
        return tokens_of(group)

    @as_planned
    def group_logps(self, groups: Sequence[Group]) -> list[list[Tensor]]:
        """Per group, per response: float32 log-probabilities of its tokens; differentiable."""
        path, seen = self.path_of([group.prompt for group in groups]), self.image_features.groups(groups)
        if path is ScorePath.PACKED:
            return packed_logps(self.net, seen)
        # Checkpointed layers keep no keys for later tokens, and over sharded weights a pass calls the net once.
        is_whole = ONE_ROW.get() or (self.compute.gradient_checkpointing and torch.is_grad_enabled())
        return (separate_logps if path is ScorePath.SEPARATE or is_whole else continued_logps)(self.net, seen)

    def settle_path(self, asks: Sequence[ScoreRequest]) -> PathCheck:
        """Score a few groups packed and separate, value and gradient, and take the path that can be trusted."""
        groups = [self.group(ask) for ask in asks]
        check = self._check(groups)
        self.checks.update((bool(group.prompt.pictures), check) for group in groups)
        return check

    @property
    def path(self) -> ScorePath:
        """The least trusting of what was found on this net."""
        return least_trusting(self.checks.values())

    def path_of(self, prompts: Sequence[Prompt]) -> ScorePath:
        """How these prompts run: packed, or as far apart as was found to be right on this net.

        Where `settle_path` has not spoken, the first two prompts with a picture and without are tried.
        """
        for seen in {bool(prompt.pictures) for prompt in prompts} - self.checks.keys():
            alike = list({id(one): one for one in prompts if bool(one.pictures) is seen}.values())[:2]
            trials = [Group(prompt=prompt, responses=self._trial_responses()) for prompt in alike]
            self.checks[seen] = self._check(trials[:1], trials[1:])
        return least_trusting([self.checks[bool(prompt.pictures)] for prompt in prompts])

    def _trial_responses(self) -> tuple[tuple[int, ...], ...]:
        """Words from all over the vocabulary: what repeats the prompt could leave a layer's state as it was."""
        banned = {*self.banned(), *self.replies.ends}
        words = [token for token in range(len(self.tokenizer)) if token not in banned]
        return tuple((spread := words[:: max(1, len(words) // 16)])[:12:2]), tuple(spread[1:9:2])

    @as_held
    def _check(self, groups: Sequence[Group], beside: Sequence[Group] = ()) -> PathCheck:
        with scoring_as_drawn(1.0, ()), in_float32(self.net) as tolerance:
            exact = groups_as(groups, self.net.dtype)
            check_head(self.net, exact[0], tolerance.value)
            others = groups_as(beside, self.net.dtype)
            check = check_paths(self.net, exact, tolerance.value, tolerance.gradient, others)
        self._tell(check)
        return check

    def _tell(self, check: PathCheck) -> None:
        LOG.log(logging.DEBUG if check.is_packed else logging.WARNING, "%s: %s", self.name, check.why)

    def group(self, ask: ScoreRequest) -> Group:
        """The encoded group of a prompt and its responses."""
        prompt = self.prompt(ask.question, ask.style, ask.blind)
        try:
            responses = tuple(self.response_ids(response) for response in ask.responses)
        except ValueError as error:
            raise ValueError(f"question {ask.question.id}: {error}") from error
        check_length(self.net, len(prompt.ids), max(map(len, responses), default=0), ask.question.id)
        return Group(prompt=prompt, responses=responses)

    @torch.no_grad()
    def score(self, asks: Sequence[ScoreRequest]) -> list[tuple[tuple[float, ...], ...]]:
        """Per-token log-probabilities of each response of each ask."""
        groups = [self.group(ask) for ask in asks]
        scored: list[tuple[tuple[float, ...], ...]] = []
        for start, stop in spans_within([tokens_of(group) for group in groups], self.row_tokens):
            scored.extend(read_groups(self.group_logps(groups[start:stop])))
        return scored

    @torch.no_grad()
    @as_planned
    def generate(self, asks: Sequence[GenerateRequest], decoding: SamplingParams) -> list[tuple[Chain, ...]]:
        """Chains of each ask, as many at once as memory holds; on a CPU within four times the token budget."""
        prompts = [continued(self.prompt(ask.question, ask.style, ask.blind), self._begun(ask)) for ask in asks]
        for ask, prompt in zip(asks, prompts, strict=True):
            check_length(self.net, len(prompt.ids), decoding.max_tokens, ask.question.id)

        def drawn(prompts: Sequence[Prompt], asks: Sequence[GenerateRequest]) -> list[list[Drawn]]:
            path, seen = self._drawing_path(prompts, asks), self.image_features.prompts(prompts)
            return draw(self.net, seen, asks, decoding, self.replies.ends, self.banned(), path, watch=self.watch)

        is_copied = self._drawing_path(prompts, asks) is not ScorePath.PACKED
        batches = Batches.of(self.net, decoding.max_tokens, 4 * self.row_tokens, self.draw_bytes, is_copied=is_copied)
        rows = batches.draw(prompts, asks, drawn)
        return [self._chains(ask, of_ask, decoding) for ask, of_ask in zip(asks, rows, strict=True)]

    @as_held
    def _drawing_path(self, prompts: Sequence[Prompt], asks: Sequence[GenerateRequest]) -> ScorePath:
        """How chains of these prompts are drawn: as they are scored, unless branches were found to draw others."""
        if self.path_of(prompts) is not ScorePath.PACKED:
            return ScorePath.SEPARATE
        for prompt, ask in zip(prompts, asks, strict=True):
            if bool(prompt.pictures) not in self.draw_checks:
                with in_float32(self.net) as tolerance:
                    exact = prompts_as(prompt, self.net.dtype)
                    check = check_drawing(self.net, exact, ask, self.banned(), tolerance.value)
                self._tell(check)
                self.draw_checks[bool(prompt.pictures)] = check
        return least_trusting([self.draw_checks[bool(prompt.pictures)] for prompt in prompts])

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text of each token; special tokens have none. Joined, the pieces are the decoded text."""
        return self.replies.pieces(ids)

    def banned(self) -> tuple[int, ...]:
        """Placeholder tokens: a chain that holds one would break its next forward pass."""
        config = self.net.config.to_dict()
        names = ("image_token_id", "image_token_index", "video_token_id", "audio_token_id")
        return tuple(sorted({config[name] for name in names if config.get(name) is not None}))

    def _begun(self, ask: GenerateRequest) -> tuple[int, ...]:
        """The tokens that every chain of an ask begins with."""
        if ask.beginning is None:
            return self.replies.leftover
        return beginning_ids(ask.beginning, self.pieces, self.replies.beginning, self.replies.words)

    def _chains(self, ask: GenerateRequest, rows: Sequence[Drawn], decoding: SamplingParams) -> tuple[Chain, ...]:
        decode = partial(self.tokenizer.batch_decode, skip_special_tokens=True)
        return as_chains(ask, rows, self._begun(ask), decode, self.name, decoding.seed)
