"""How many tokens a picture is to a provider, from its size alone; each rule names the page it follows."""

import math
from dataclasses import dataclass

LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """OpenAI's rule for gpt-4o, gpt-4.1, gpt-5, o3 and gpt-4o-mini (platform.openai.com/docs/guides/images-vision).

    At low detail a picture is its base. Else it is made to fit into 2048 by 2048, then so small that its shorter side
    has 768 pixels at most, and each tile of 512 by 512 is charged.

    Example:
        >>> rule = Tiles(base=85, tile=170)
        >>> rule.tokens(1024, 1024, "high"), rule.tokens(2048, 4096, "high"), rule.tokens(2048, 4096, "low")
        (765, 1105, 85)
    """

    base: int
    tile: int

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Tokens of a picture of that many pixels; `auto` counts as high, which is the dearer."""
        if detail == LOW:
            return self.base
        scale = min(1.0, 2048 / max(width, height))
        scale = min(scale, 768 / min(width, height))
        across, down = (math.ceil(round(side * scale, 6) / 512) for side in (width, height))
        return self.base + self.tile * across * down


@dataclass(frozen=True, slots=True, kw_only=True)
class Patches:
    """OpenAI's rule for the mini and nano models after gpt-4o-mini (platform.openai.com/docs/guides/images-vision).

    Patches of 32 by 32 are counted. A picture of more than `most` is made so small that a whole number of them fits
    across; the model's factor turns patches into tokens.

    Example:
        >>> rule = Patches(factor=1.0, most=1536)
        >>> rule.tokens(1024, 1024, "high"), rule.tokens(1800, 2400, "high")
        (1024, 1452)
    """

    factor: float
    most: int

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Tokens of a picture of that many pixels, whatever the detail."""
        count = math.ceil(width / 32) * math.ceil(height / 32)
        if count > self.most:
            scale = math.sqrt(32 * 32 * self.most / (width * height))
            across, down = width * scale / 32, height * scale / 32
            fit = min(math.floor(across) / across, math.floor(down) / down) if min(across, down) >= 1 else 1.0
            count = min(self.most, math.ceil(round(across * fit, 6)) * math.ceil(round(down * fit, 6)))
        return math.ceil(count * self.factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixels:
    """So many pixels a token, as Anthropic (750; docs.anthropic.com, vision) and Qwen2-VL (784: 28 by 28) count.

    Example:
        >>> Pixels(per_token=750, longest=1568, most=1600).tokens(1000, 1000, "auto")
        1334
    """

    per_token: int
    longest: int = 0
    """A longer side is brought to this many pixels first; 0 leaves every size."""
    most: int = 0
    """Tokens of a picture at most; 0 is no bound."""

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Tokens of a picture of that many pixels, whatever the detail."""
        scale = min(1.0, self.longest / max(width, height)) if self.longest else 1.0
        count = math.ceil(width * scale * height * scale / self.per_token)
        return min(count, self.most) if self.most else count


@dataclass(frozen=True, slots=True, kw_only=True)
class Crops:
    """Gemini's rule from 2.0 on (ai.google.dev/gemini-api/docs/tokens).

    A picture of at most 384 pixels a side is one crop. A larger one is cut in squares of two thirds of its shorter
    side, each of at most 768 pixels and at least 256.

    Example:
        >>> Crops(each=258).tokens(960, 540, "auto") // 258
        6
    """

    each: int

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Tokens of a picture of that many pixels, whatever the detail."""
        if max(width, height) <= 384:
            return self.each
        unit = min(768, max(256, math.floor(min(width, height) / 1.5)))
        return self.each * math.ceil(width / unit) * math.ceil(height / unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """So many tokens a picture, whatever its size.

    Example:
        >>> Flat(each=576).tokens(336, 336, "auto")
        576
    """

    each: int

    def tokens(self, width: int, height: int, detail: str) -> int:
        """Tokens of any picture."""
        return self.each


Rule = Tiles | Patches | Pixels | Crops | Flat
RULES: dict[str, type[Rule]] = {"tiles": Tiles, "patches": Patches, "pixels": Pixels, "crops": Crops, "flat": Flat}
USUAL = Pixels(per_token=784)
"""For a model that no table knows: Qwen2-VL's count (arXiv 2409.12191), which open models come near."""
