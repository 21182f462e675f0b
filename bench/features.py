"""What it costs to see a picture, and what it costs to look up what was seen: vision encoders of three sizes.

Pictures have 336 x 336 pixels and 576 patches, but for the tiny model's, with 48 x 48 and 36. Per picture: the
encoder with eight pictures in one call, as a pass runs it; with each picture alone, as kept features are made; the
hash of its pixels; the whole look-up in memory, projector included; and the read of a file that the system was asked
to forget.
"""

import tempfile
import time
from collections.abc import Callable

import torch
from tiny_llava import LLAVA, make_net, make_processor, parser, set_up
from transformers import CLIPVisionConfig, LlavaForConditionalGeneration

from seewhy.model.packed.group import Prompt, joined_pictures
from seewhy.model.plan import FeaturePlan
from seewhy.model.vision.encoders import encoder_place
from seewhy.model.vision.feature_cache import FeatureCache, bytes_of, feature_key
from seewhy.model.vision.image_features import ImageFeatures
from seewhy.model.weights import SHIPPED

TOGETHER = 8
BASE = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}


def nets() -> dict[str, tuple[LlavaForConditionalGeneration, int]]:
    """Nets by name, each with the side of its pictures in pixels."""
    plain = make_net(make_processor().tokenizer)
    made = {
        "tiny": (LlavaForConditionalGeneration.from_pretrained(SHIPPED), 48),
        "bench/dpo_step.py": (plain, LLAVA.pixels),
    }
    config = plain.config.__class__.from_dict(plain.config.to_dict())
    config.vision_config = CLIPVisionConfig(**BASE, image_size=LLAVA.pixels, patch_size=14)
    made["CLIP base"] = LlavaForConditionalGeneration(config), LLAVA.pixels
    return made


def milliseconds(work: Callable[[], object], runs: int) -> float:
    """The least of several runs: what others on the machine take is left out."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1e3 * min(times)


@torch.no_grad()
def measure(name: str, net: LlavaForConditionalGeneration, side: int, runs: int) -> None:
    """Prints a line."""
    place = encoder_place(net.eval())
    assert place is not None
    encoder = net.get_submodule(place)
    ids = tuple(range(4, 12))
    prompts = [Prompt(ids=ids, pictures={"pixel_values": torch.randn(1, 3, side, side)}) for _ in range(TOGETHER)]
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(FeaturePlan(least_weights=0, memory_mib=64, disk_mib=64, folder=folder))
        together = milliseconds(lambda: encoder(**joined_pictures(prompts)), runs) / TOGETHER
        alone = milliseconds(lambda: encoder(**prompts[0].pictures), runs)
        hashing = milliseconds(lambda: feature_key("", prompts[0].pictures), runs)
        tensors = {"hidden_states/1": encoder(**prompts[0].pictures).last_hidden_state}
        key = feature_key("", prompts[0].pictures)
        assert cache.files is not None
        cache.files.write(key, tensors)

        def read() -> float:
            cache.files.cool(key)
            return milliseconds(lambda: cache.files.read(key), 1)

        reading = min(read() for _ in range(runs))
        sight = ImageFeatures(net)
        sight.cache = cache
        with sight.assume_frozen():
            # A prompt of the right number of placeholders, for the trial scores it.
            tokens = (side // net.config.vision_config.patch_size) ** 2
            whole = Prompt(ids=(*[net.config.image_token_id] * tokens, 5, 6), pictures=prompts[0].pictures)
            sight.prompts([whole])
            looking = milliseconds(lambda: sight.prompts([whole]), runs)
    weights = sum(parameter.numel() for parameter in encoder.parameters()) / 1e6
    times = "".join(f"{time:11.2f}" for time in (together, alone, hashing, looking, reading))
    print(f"  {name:28}{weights:9.1f} M{times}{bytes_of(tensors) / 2**20:7.2f} MiB")


def main() -> None:
    asked = parser(__doc__).parse_args()
    set_up(asked.threads)
    heads = "".join(f"{word:>11}" for word in ("weights", "together", "alone", "hash", "look-up", "file", "kept"))
    print(f"\nmilliseconds a picture, least of {asked.runs}\n  {'encoder':28}{heads}")
    for name, (net, side) in nets().items():
        measure(name, net, side, asked.runs)


if __name__ == "__main__":
    main()
