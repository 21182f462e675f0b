"""Formulas in one spelling: Unicode and calculators' signs as LaTeX, and a form in which equal spellings are equal."""

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

SIGNS = {
    "−": "-", "–": "-", "×": "\\times ", "·": "\\cdot ", "⋅": "\\cdot ", "∙": "\\cdot ", "÷": "/", "∞": "\\infty ",
    "≤": "\\le ", "≥": "\\ge ", "≠": "\\ne ", "≈": "\\approx ", "±": "\\pm ", "°": "^{\\circ}", "∪": "\\cup ",
    "∩": "\\cap ", "∈": "\\in ", "π": "\\pi ", "θ": "\\theta ", "α": "\\alpha ", "β": "\\beta ", "γ": "\\gamma ",
    "λ": "\\lambda ", "μ": "\\mu ", "φ": "\\phi ", "ω": "\\omega ", "√": "\\sqrt", "∛": "\\sqrt[3]", "⁄": "/",
}  # fmt: skip
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
RAISED_RUN = re.compile(f"[{''.join(RAISED)}]+")
LOWERED_RUN = re.compile(f"[{''.join(LOWERED)}]+")
CALCULATOR = (
    (re.compile(r"(?<=[\w)}\]])\*\*(?=[\w({-])"), "^"),
    (re.compile(r"(?<![\\A-Za-z])(sqrt|pi|sin|cos|tan|ln|log|infty)(?![A-Za-z])"), r"\\\1 "),
    (re.compile(r"(?<=\d)pi(?![A-Za-z])"), r"\\pi "),
    (re.compile(r"(?<=\d)\s?[xX*]\s?(?=10\s?\^)"), r"\\times "),
    (re.compile(r"(?<=\d)[eE]([+-]?\d{1,4})(?![\w.])"), r"\\times 10^{\1}"),
    (re.compile(r"(?<=[\w)}\]])\s?\*\s?(?=[\w({\\])"), r"\\cdot "),
    (re.compile(r"\^\s?(-?\d{2,}|-\d)"), r"^{\1}"),
    (re.compile(r"\\sqrt\s{1,3}(?=[({\[])"), r"\\sqrt"),
    (re.compile(r"\\sqrt\s?(\d+|[A-Za-z](?![A-Za-z]))"), r"\\sqrt{\1}"),
    (re.compile(r"<="), r"\\le "),
    (re.compile(r">="), r"\\ge "),
)
IN_WORDS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}\s{1,3}[A-Za-z]{2,}(?![A-Za-z]*\()")
BRACKETED = re.compile(r"(\\sqrt(?:\[\d\])?|\^)\(")
LONGEST_BRACKET = 400
DROPPED = re.compile(
    r"\\left(?![A-Za-z])|\\right(?![A-Za-z])|\\displaystyle|\\(?:text|mathrm|mathbf|mbox|operatorname)(?=\s?\{)"
    r"|\\[,;:! ]|(?<!\\)[~$]|\s+"
)
RESPELLED = (
    (re.compile(r"\\[dtc]frac(?![A-Za-z])"), r"\\frac"),
    (re.compile(r"\\frac(\d)(\d)"), r"\\frac{\1}{\2}"),
    (re.compile(r"(?<![\w}.])(\d+)/(\d+)(?![\w{.^])"), r"\\frac{\1}{\2}"),
    (re.compile(r"\\(?:cdot|times)"), "*"),
    (re.compile(r"\^\{\\circ\}|\^\\circ|\\degree"), "°"),
    (re.compile(r"\\([%$#&])"), r"\1"),
    (re.compile(r"\\(?:leq|le)(?![a-z])"), "≤"),
    (re.compile(r"\\(?:geq|ge)(?![a-z])"), "≥"),
    (re.compile(r"([\^_])([A-Za-z0-9])"), r"\1{\2}"),
    (re.compile(r"(?<![A-Za-z}\]^_])\{([A-Za-z0-9]+)\}"), r"\1"),
)
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:[,\s]\d{3}){1,8}(?:\.\d{1,60})?")
NUMBER = re.compile(
    r"(?P<sign>[+-]?)\s?\$?\s?(?:(?P<whole>[1-9]\d{0,2}(?:,\d{3}){1,8}|\d{1,60})(?P<part>\.\d{1,60})?|(?P<bare>\.\d{1,60}))"
    r"(?:\s?(?:\\times|\\cdot)\s?10\s?\^\s?\{?(?P<power>[+-]?\d{1,3})\}?)?"
)
FRACTION = re.compile(
    r"([+-]?)\s?(?:\\[dtc]?frac\s?\{\s?(\d{1,15})\s?\}\s?\{\s?(\d{1,15})\s?\}|(\d{1,15})\s?/\s?(\d{1,15}))"
)


@lru_cache(maxsize=8192)
def latex_of(text: str) -> str:
    r"""`text` with the signs of Unicode and of calculators in LaTeX; LaTeX and sentences stay as they are.

    Example:
        >>> latex_of("2√3 − x²"), latex_of("3*sqrt(8)"), latex_of("1.5e-7")
        ('2\\sqrt{3} - x^{2}', '3\\cdot \\sqrt{8}', '1.5\\times 10^{-7}')
    """
    if IN_WORDS.search(text):
        return text
    if not text.isascii():
        text = _without_unicode(text)
    for form, latex in CALCULATOR:
        text = form.sub(latex, text)
    return _braced(text)


def _without_unicode(text: str) -> str:
    text = RAISED_RUN.sub(lambda run: f"^{{{''.join(RAISED[each] for each in run[0])}}}", text)
    text = LOWERED_RUN.sub(lambda run: f"_{{{''.join(LOWERED[each] for each in run[0])}}}", text)
    return "".join(SIGNS.get(each) or _plain(each) for each in text)


def _plain(letter: str) -> str:
    folded = unicodedata.normalize("NFKC", letter)
    top, slash, bottom = folded.partition("⁄")
    return f"\\frac{{{top}}}{{{bottom}}}" if slash and bottom else folded


def _braced(text: str) -> str:
    r"""`\sqrt(x)` and `^(x)` with braces, as LaTeX has them."""
    at = 0
    while opened := BRACKETED.search(text, at):
        depth, end = 1, opened.end()
        while depth and end < min(len(text), opened.end() + LONGEST_BRACKET):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        at = opened.end()
        if depth == 0:
            text = f"{text[: opened.end() - 1]}{{{text[opened.end() : end - 1]}}}{text[end:]}"
    return text


@lru_cache(maxsize=8192)
def spelling(text: str) -> str:
    r"""The formula without what only spells it: spaces, sizes of brackets and fractions, braces round one sign.

    Example:
        >>> spelling("$7+3 \\sqrt{5}$") == spelling("7 + 3√5"), spelling("13 / 4") == spelling("\\dfrac{13}{4}")
        (True, True)
        >>> spelling("2 1/2") == spelling("21/2")
        False
    """
    text = latex_of(text).strip()
    if grouped := GROUPED.fullmatch(text.strip("$").replace("{,}", ",").replace("\\,", ",")):
        text = re.sub(r"[,\s]", "", grouped[0])
    text = re.sub(r"(?<=\d)\s+(?=\d)", "&", text)
    text = DROPPED.sub("", text)
    for form, plain in RESPELLED:
        text = form.sub(plain, text)
    return text


@lru_cache(maxsize=8192)
def plain_value(text: str) -> Fraction | None:
    r"""The value of a plain number, fraction or number times a power of ten; None for every other formula.

    Example:
        >>> plain_value("1,200.50"), plain_value("\\frac{3}{4}"), plain_value("2 \\times 10^{-3}"), plain_value("12x")
        (Fraction(2401, 2), Fraction(3, 4), Fraction(1, 500), None)
    """
    text = latex_of(text.strip().strip("$").strip()).strip()
    if shape := NUMBER.fullmatch(text):
        digits = (shape["whole"] or "").replace(",", "") + (shape["part"] or shape["bare"] or "")
        value = Fraction(digits) * Fraction(10) ** int(shape["power"] or 0)
        return -value if shape["sign"] == "-" else value
    if (shape := FRACTION.fullmatch(text)) and int(shape[3] or shape[5]):
        value = Fraction(int(shape[2] or shape[4]), int(shape[3] or shape[5]))
        return -value if shape[1] == "-" else value
    return None
