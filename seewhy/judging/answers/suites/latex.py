r"""Fold LaTeX as MATH's and MATH-Vision's evaluations do, before strings are compared."""

import re

BOXED = re.compile(r"oxed{(.*)}", re.DOTALL)
DROPPED = (
    (" ", ""), ("\\,", ""), ("∞", "\\infty"), ("+\\infty", "\\infty"), ("\\\\", "\\"), ("\n", ""), ("\\text", ""),
    ("\\mbox", ""), ("bmatrix", "pmatrix"), ("\\left", ""), ("\\right", ""), ("^{\\circ}", ""), ("^\\circ", ""),
    ("{m}^3", ""), ("m^3", ""), ("{units}", ""), ("units", ""), ("{km}", ""), ("km", ""),
)  # fmt: skip
PLAINER = (
    ("\n", ""), ("\\!", ""), ("\\\\", "\\"), ("tfrac", "frac"), ("dfrac", "frac"), ("\\left", ""), ("\\right", ""),
    ("^{\\circ}", ""), ("^\\circ", ""), ("\\$", ""), ("$", ""), ("\\%", ""), (" .", " 0."), ("{.", "{0."),
)  # fmt: skip
SHORT_FRACTION = re.compile(r"\\frac(?:([^{}\\])([^{}\\])|([^{}\\])(\{[^{}]*\})|(\{[^{}]*\})([^{}\\]))")
SHORT_ROOT = re.compile(r"\\sqrt([^{\[])")
PLAIN_FRACTION = re.compile(r"(-?\d+)/(-?\d+)")


def find_math_answer(text: str) -> str:
    r"""The last box's content, or the whole text, after its last equals sign, without units and spaces.

    Source: MATH-Vision `evaluation/utils.py`, `find_math_answer`.

    Example:
        >>> find_math_answer("So \\boxed{x = 5^\\circ}"), find_math_answer("\\boxed{\\dfrac{1}{2}}")
        ('5', '\\frac{1}{2}')
    """
    text = text.lower().replace("{}", "")
    boxed = BOXED.findall(text)
    answer = boxed[-1] if boxed else text
    closing, opening = answer.find("}"), answer.find("{")
    if closing != -1 and (opening == -1 or closing < opening):
        answer = answer.split("}")[0]
    answer = answer.split("=")[-1].split("\\approx")[-1]
    for old, new in DROPPED:
        answer = answer.replace(old, new)
    return strip_string(answer)


def strip_string(text: str) -> str:
    r"""One spelling of fractions and roots, no spaces, no degrees, no dollar signs; `\%` goes and `%` stays.

    Source: MATH-Vision `evaluation/utils.py`, `_strip_string`, after hendrycks/math `modeling/math_equivalence.py`,
    which keeps a bare dollar.

    Example:
        >>> strip_string("\\frac12"), strip_string(".7"), strip_string("3/4"), strip_string("\\sqrt2")
        ('\\frac{1}{2}', '0.7', '\\frac{3}{4}', '\\sqrt{2}')
    """
    for old, new in PLAINER:
        text = text.replace(old, new)
    text = text.split("\\text{ ")[0]
    if not text:
        return text
    text = f"0{text}" if text.startswith(".") else text
    name, equals, value = text.partition("=")
    text = value if equals and len(name) <= 2 and "=" not in value else text
    text = SHORT_ROOT.sub(r"\\sqrt{\1}", text).replace(" ", "")
    text = SHORT_FRACTION.sub(_full_fraction, text)
    if text == "0.5":
        return "\\frac{1}{2}"
    plain = PLAIN_FRACTION.fullmatch(text)
    return f"\\frac{{{plain[1]}}}{{{plain[2]}}}" if plain else text


def _full_fraction(short: re.Match[str]) -> str:
    top, bottom = [part.strip("{}") for part in short.groups() if part is not None]
    return f"\\frac{{{top}}}{{{bottom}}}"
