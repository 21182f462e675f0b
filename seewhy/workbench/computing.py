"""Whether what is installed works: products on devices, a picture decoded, a token of the shipped model."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.weights import TINY, weights_place
from seewhy.records.pictures import PictureError, opened
from seewhy.records.types import Gold, MatchRule, Question, Split, Style
from seewhy.runs.discovery import load_part
from seewhy.workbench.checks import Check, failed, passed, warned
from seewhy.workbench.libraries import version_of
from seewhy.workbench.questions import picture_of
from seewhy.workbench.this_machine import has_driver

ALLOWED = 2.0**-8
"""Error of a bfloat16 product against the exact one, over the largest value: one rounding is at most 2^-9 of it."""
CUDA_HELP = "install a torch that is built for this driver's CUDA: https://pytorch.org/get-started/locally"
COLOUR = (200, 30, 60)


def computing_checks() -> Iterator[Check]:
    """The GPU, pictures, and the shipped model; what needs torch is left out where there is none."""
    yield picture_check()
    if not version_of("torch"):
        return
    try:
        devices = load_part("workbench", "devices")
    except (OSError, ImportError, RuntimeError) as error:
        yield failed("torch", f"it does not load ({error})", "install it anew: pip install --force-reinstall torch")
        return
    yield from product_checks(devices.names(), devices.product_error, devices.built_for(), has_driver())
    yield model_check()


def product_checks(
    gpus: Sequence[str], error_of: Callable[[str], float], cuda: str, is_driven: bool
) -> Iterator[Check]:
    """A line a GPU, and one for the CPU.

    Args:
        gpus: what torch lists.
        error_of: relative error of a bfloat16 product on a device; RuntimeError where it cannot be computed.
        cuda: the version of CUDA that torch is built for.
        is_driven: whether an NVIDIA driver is installed.
    """
    for index, name in enumerate(gpus):
        yield _product(f"gpu {index}", f"cuda:{index}", name, error_of)
    if not gpus and is_driven:
        why = f"torch is built for CUDA {cuda} and sees none" if cuda else "torch is built for the CPU alone"
        yield failed("gpu", f"an NVIDIA driver is there, and {why}", CUDA_HELP)
    elif not gpus:
        yield warned(
            "gpu", "none: models are computed on the CPU", "the shipped model needs none; for others use a GPU"
        )
    yield _product("cpu", "cpu", "bfloat16", error_of)


def _product(name: str, device: str, what: str, error_of: Callable[[str], float]) -> Check:
    try:
        error = error_of(device)
    except RuntimeError as fault:
        line = str(fault).strip().splitlines()[0]
        return failed(name, f"{what}: it does not compute ({line})", CUDA_HELP)
    if not error <= ALLOWED:
        return failed(name, f"{what}: a bfloat16 product is off by {error:.2g} of its largest value", CUDA_HELP)
    return passed(name, f"{what}: a bfloat16 product is right to {error:.1g}")


def picture_check() -> Check:
    """Whether a PNG and a JPEG of one colour are read back."""
    with TemporaryDirectory(prefix="seewhy-") as scratch:
        for suffix in ("png", "jpg"):
            file = Path(scratch) / f"one.{suffix}"
            Image.new("RGB", (32, 32), COLOUR).save(file)
            try:
                with opened(file) as picture:
                    seen = picture.convert("RGB").getpixel((16, 16))
            except PictureError as error:
                return failed(
                    "pictures", f"a {suffix} file is not read ({error})", "pip install --force-reinstall pillow"
                )
            if not isinstance(seen, tuple) or max(abs(a - b) for a, b in zip(seen, COLOUR, strict=True)) > 4:
                return failed(
                    "pictures", f"a {suffix} file reads as other colours", "pip install --force-reinstall pillow"
                )
    return passed("pictures", "PNG and JPEG are read")


def model_check() -> Check:
    """Whether the shipped model opens, looks at a picture and draws tokens."""
    began = time.perf_counter()
    with TemporaryDirectory(prefix="seewhy-") as scratch:
        file = Path(scratch) / "page.png"
        Image.new("RGB", (96, 96), "white").save(file)
        gold = Gold(answers=(), rule=MatchRule.EXACT)
        question = Question(id="doctor", benchmark="doctor", split=Split.TEST, text="What is the sum of row 1?",
                            gold=gold, images=(picture_of(file),), facets={})  # fmt: skip
        try:
            model = load_part("model", "families.hub").HubModel.load(weights_place(TINY), label=TINY)
            asked = GenerateRequest(question=question, style=Style.DIRECT)
            chain = model.generate([asked], SamplingParams(temperature=0.0, max_tokens=4))[0][0]
        except (OSError, ValueError, RuntimeError) as error:
            line = str(error).strip().splitlines()[0]
            return failed("model", f"the shipped model does not answer ({line})", "install the extra anew, see above")
    took = time.perf_counter() - began
    return passed("model", f"the shipped model drew {len(chain.token_ids or ())} tokens; {took:.1f} s with its loading")
