"""Find where a reply states its answer: the strongest form of statement, and of those the last."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from seewhy.judging.answers.findings import Rule

LONGEST_VALUE = 400
"""Characters of an answer at most; a longer value is an essay."""
MOST_STATEMENTS = 200
"""Occurrences looked at from the end: one with 200 others after it is not final, and hostile text stays linear."""

MARK_BEFORE = re.compile(r"#{1,6}[ \t*_]{0,4}(?:the )?(?:(?:final|correct)[ \t]{1,3})?$")
HEADING_BEFORE = re.compile(r"(?:^|\n)[*_ \t]{0,4}(?:the )?final[ \t]{1,3}$")
FINAL_BEFORE = re.compile(r"\bfinal[ \t*_]{1,3}$")
UNMEANT_BEFORE = re.compile(r"\b(?:if|whether|suppose|assuming|not|unless)[ \t](?:that )?(?:the |my )?(?:\w{1,8} )?$")
COLON_AFTER = re.compile(
    r"(?: choice| option)?[*_`\s]{0,4}(?:[:：]|(?<=\s)(?:[-=]>|[-–—→⇒])(?=[*_\s]))[*_`\s]{0,20}"
    r"(?:(?<=\n)>\s[*_`]{0,3})?"
)
"""A colon, or a dash or an arrow between spaces: the sign of a negative number has no space behind it."""
NEWLINE_AFTER = re.compile(r"[*_ \t]{0,4}\n\s{0,20}[*_]{0,3}")
IS_AFTER = re.compile(
    r"(?: choice| option)?(?: here| in this case)?"
    r"(?: (?:to|for) (?:the|this|that|your) (?:\w{1,12} ){0,2}(?:question|problem|puzzle)"
    r"(?:,? [\"“'][^\"”\n]{1,160}[\"”'],?)?)?"
    r"(?:, [^,.;:!?\n]{1,80},| \([^()\n]{1,80}\))?"
    r"[*_\s]{1,4}(?:is|(?:(?:would|should|must|will|can only|to"
    r"|(?:(?:would |will )?ha(?:s|ve)|seems|appears|turns out) to) )be|=)[*_]{0,3}[:：]?[*_\s]{1,20}"
    r"(?:(?:therefore|thus|then|hence|clearly|indeed|simply|(?:most )?likely|probably|equal to)[:,]?[*_\s]{1,4}){0,2}"
    r"(?:(?:as follows|the following|(?:given |shown |stated )?below)[*_]{0,3}[:.][*_\s]{1,20})?"
)
HEDGED_AFTER = re.compile(r"[*_\s]{1,4}(?:might be|may be|could be)[*_\s]{1,4}")
"""Words after which an answer counts where the reply ends with it."""
JSON_AFTER = re.compile(
    r"[\"']\s{0,8}:\s{0,8}\[?\s{0,8}"
    r"(?:\"(?P<text>(?:[^\"\\\n]|\\.){1,400})\"|'(?P<single>(?:[^'\\\n]|\\.){1,400})'"
    r"|(?P<bare>-?\d[\d.]{0,30}|true|false))"
    r"(?!\s{0,8},\s{0,8}[\"'][^\"'\n]{0,400}[\"']\s{0,8}[,\]])"
)
QUOTES = frozenset({'"', "'"})
TAG_END = re.compile(r"(?: [a-z]{1,12}=[^<>\n]{1,40})?>")
ANSWER_TAG = re.compile(
    r"<(conclusion|final[_ -]?answer|ans|final|result|output|choice|option|solution|response|prediction)>"
    r"(?P<value>[^<]{1,400})</\1>"
)
SHORT_WORD = re.compile(r"(?:^|[\n*_>.!?])\s{0,4}ans(?:\.?[*_]{0,3}\s?[:：]|\.(?=\s)|\s[-–—=]>?(?=\s))[*_`\s]{0,8}")
HASHES_ALONE = re.compile(r"(?:^|\n)#### {0,4}(?P<value>[^\n#: ]{1,40}(?: [^\n#: ]{1,20}){0,4})\s*$")
"""GSM8K's form, `#### 12`, at the end of a reply; a heading with words below it is none."""
A_LINE = re.compile(r"(?:^|\n)[*_]{0,3}a[*_]{0,3}:[*_]{0,3}\s(?=[^\n]{1,200}\s*$)")
"""The "A:" that answers a "Q:", as the last line."""
VALUE_BEFORE = re.compile(
    r"(?:^|[\n,:;!?]|[.](?=\s))[*_\s]{0,4}(?:(?:so|thus|hence|therefore|then)\b,?[*_\s]{0,4})?"
    r"(?P<value>(?:[^\s.,:;!?]|[.,](?=\d)){1,24}(?: (?:[^\s.,:;!?]|[.,](?=\d)){1,24}){0,2}) (?:is|are) (?:the|our|my) "
    r"(?:(?:final|correct|right) )?$"
)
NO_VALUES = frozenset(
    {"what", "which", "this", "that", "here", "it", "where", "below", "if", "whether", "how", "there"}
)
CHOICE_BEFORE = re.compile(r"\b(?:correct|right|best|final|chosen|my)[ \t*_]{1,3}$")
CHINESE_AFTER = re.compile(r"[】\]*_\s]{0,4}[是为]?[*_\s]{0,4}[:：]?[*_\s]{0,20}")
LINE_END = re.compile(r"\n|(?<=[.!?*])\\n(?!(?:u|e|i|ot|eg|eq|mid|abla)\b)|##|</?[a-z][a-z_]{0,15}>|<\|")
"""A line ends at a backslash and an n behind a sentence too: the reply was escaped twice."""
SENTENCE_END = re.compile(r"[.!?](?=\s|\\n)|[。！？]")
CLAUSE_END = re.compile(r",?\s(?:because|since|as|given that|which|due to)\b|,\s(?:so|and|but|not)\b")
ABBREVIATIONS = frozenset({
    "st", "mt", "mr", "mrs", "ms", "dr", "jr", "sr", "vs", "ft", "co", "inc", "ltd", "corp", "bros", "assn",
    "univ", "dept", "govt", "inst", "prof", "gen", "lt", "col", "sgt", "capt", "cmdr", "maj", "rev", "hon", "gov",
    "sen", "rep", "pres", "supt", "messrs", "mme", "mlle", "ave", "blvd", "rd", "hwy", "apt", "approx", "est", "ca",
    "cf", "al", "esp", "incl", "viz",
})  # fmt: skip
BEFORE_A_NUMBER = frozenset({
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "fig", "figs", "vol", "vols",
    "pp", "pg", "ch", "no", "sec", "eq", "nos", "art", "par", "tab", "ex", "ver",
})  # fmt: skip
DAYS = frozenset({
    "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun",
})  # fmt: skip
PART_OF_DAY = re.compile(r"\s(?:morning|afternoon|evening|night|noon|at|from|to|\d)")
CHOICE_WORDS = ("option", "choice", "response")
STRONG = frozenset({Rule.MARK, Rule.FINAL, Rule.TAG, Rule.BOXED})
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """A place in a reply that says what the answer is: `text[start:end]`."""

    rule: Rule
    start: int
    end: int

    @property
    def rank(self) -> tuple[bool, int]:
        """Strong forms first, then the later."""
        return self.rule in STRONG, self.start


def statements_by_rank(low: str, begin: int, *, options: bool) -> list[Statement]:
    """The statements of the lower-cased reply `low[begin:]`, that which counts first."""
    places = list(_occurrences(low, "answer", begin))
    found = [each for at in places if (each := _answer_statement(low, begin, at, options=options))]
    if not low.isascii() and low.find("答案", begin) >= 0:
        found += _chinese_statements(low, begin)
    if "\\" in low and (boxed := last_boxed(low, begin)):
        found.append(boxed)
    if "<" in low and low.find("</", begin) >= 0:
        found += _tagged(low, begin)
    if options:
        there = [word for word in CHOICE_WORDS if low.find(word, begin) >= 0]
        found += [choice for word in there if (choice := _last_choice(low, begin, word))]
    if low.count("ans", begin) > len(places) and (short := _short_word(low, begin)):
        found.append(short)
    if "#" in low and "####" in low and (hashes := HASHES_ALONE.search(low, begin)):
        found += [each for each in (_line(low, Rule.MARK, hashes.start("value")),) if each]
    if not found and not options and (short := a_line(low, begin)):
        found += [each for each in (_line(low, Rule.LINE, short.end()),) if each]
    return sorted(found, key=lambda statement: statement.rank, reverse=True) if found[1:] else found


def _short_word(low: str, begin: int) -> Statement | None:
    """The last line that begins with "Ans:"."""
    marks = list(SHORT_WORD.finditer(low, begin))[-1:]
    return _line(low, Rule.LINE, marks[0].end()) if marks else None


def a_line(low: str, begin: int) -> re.Match[str] | None:
    """The "A:" that begins the last line, or the one before it."""
    last = low.rfind("\n", begin, len(low.rstrip()))
    places = (0, low.rfind("\n", begin, max(last, 0)), last)
    return next((found for at in places if at >= begin and (found := A_LINE.match(low, at))), None)


def _occurrences(low: str, word: str, begin: int) -> Iterator[int]:
    at = len(low)
    for _ in range(MOST_STATEMENTS):
        at = low.rfind(word, begin, at)
        if at < 0:
            return
        yield at


def _answer_statement(low: str, begin: int, at: int, *, options: bool) -> Statement | None:
    after = at + len("answer")
    if low.startswith("<", at - 1) and (opened := TAG_END.match(low, after)):
        return _tag(low, opened.end())
    if low[after : after + 1] in QUOTES and (field := JSON_AFTER.match(low, after)):
        return _filled(low, Rule.TAG, *field.span(field.lastgroup or "text"))
    before = low[max(begin, at - 24) : at]
    colon = COLON_AFTER.match(low, after)
    if "#" in before and MARK_BEFORE.search(before) and (mark := colon or NEWLINE_AFTER.match(low, after)):
        return _line(low, Rule.MARK, mark.end())
    is_final = "final" in before and FINAL_BEFORE.search(before) is not None
    if is_final and HEADING_BEFORE.search(before) and (heading := colon or NEWLINE_AFTER.match(low, after)):
        return _line(low, Rule.FINAL, heading.end())
    if colon:
        return _line(low, Rule.FINAL if is_final else Rule.LINE, colon.end())
    says = IS_AFTER.match(low, after)
    if says is None:
        return _hedged(low, after) if options else _value_before(low, begin, at)
    if UNMEANT_BEFORE.search(before):
        return None
    return _clause(low, Rule.FINAL if is_final else Rule.IS, says.end())


def _hedged(low: str, after: int) -> Statement | None:
    """What an answer "might be", where nothing follows it."""
    says = HEDGED_AFTER.match(low, after)
    said = _clause(low, Rule.IS, says.end()) if says else None
    return said if said and not low[said.end :].strip(" .!\n*") else None


def _value_before(low: str, begin: int, at: int) -> Statement | None:
    """The few words before "is the answer"."""
    if not low.startswith(
        ("the ", "our ", "my ", "final ", "correct ", "right "), max(begin, low.rfind(" ", begin, at - 1) + 1)
    ):
        return None
    said = VALUE_BEFORE.search(low, max(begin, at - 110), at)
    if said is None or not NO_VALUES.isdisjoint(said["value"].split()):
        return None
    return _filled(low, Rule.IS, *said.span("value"))


def _tag(low: str, start: int) -> Statement | None:
    ends = [end for tag in ("</answer", "<answer") if (end := low.find(tag, start, start + LONGEST_VALUE)) >= 0]
    return _filled(low, Rule.TAG, start, min(ends, default=min(len(low), start + LONGEST_VALUE)))


def _tagged(low: str, begin: int) -> list[Statement]:
    """The last value in a tag by which other models than those of `<answer>` mark it."""
    tags = list(ANSWER_TAG.finditer(low, begin))[-1:]
    found = (_filled(low, Rule.TAG, *tag.span("value")) for tag in tags)
    return [each for each in found if each]


def _line(low: str, rule: Rule, start: int) -> Statement | None:
    limit = min(len(low), start + LONGEST_VALUE)
    stop = LINE_END.search(low, start, limit)
    return _filled(low, rule, start, sentence_end(low, start, stop.start() if stop else limit))


def _clause(low: str, rule: Rule, start: int) -> Statement | None:
    """The first clause from `start`; what is denied or asked ("the answer is 5?") states nothing."""
    line = _line(low, rule, start)
    if line is None or low.startswith(("not ", "n't "), start):
        return None
    if low.startswith("?", line.end):
        return None
    stop = CLAUSE_END.search(low, start, line.end)
    return _filled(low, rule, start, stop.start() if stop else line.end)


def _filled(low: str, rule: Rule, start: int, end: int) -> Statement | None:
    """A statement with nothing in it states nothing: a reply cut off at its mark keeps its earlier one."""
    return Statement(rule, start, end) if low[start:end].strip(" \t\r\n*_`$.:") else None


def sentence_end(low: str, start: int, limit: int) -> int:
    """Where the first sentence of `low[start:limit]` ends; initials, abbreviations and months do not end one."""
    for stop in SENTENCE_END.finditer(low, start, limit):
        words = low[max(start, stop.start() - 8) : stop.start()].split()
        word = words[-1].lstrip("(*\"'“‘") if words else ""
        if not _goes_on(low, word, stop, limit):
            return stop.start()
    return limit


def _goes_on(low: str, word: str, stop: re.Match[str], limit: int) -> bool:
    if stop[0] in "!?":
        return word.isalpha() and len(rest := low[stop.end() : limit].split()) == 1 and rest[0].strip(".!?").isalpha()
    if (len(word) == 1 and word.isalpha()) or ("." in word and not word[-1:].isdigit()) or word in ABBREVIATIONS:
        return True
    if word in DAYS:
        return PART_OF_DAY.match(low, stop.end()) is not None
    return word in BEFORE_A_NUMBER and low[stop.end() : stop.end() + 2].strip()[:1].isdigit()


def _chinese_statements(low: str, begin: int) -> Iterator[Statement]:
    for at in _occurrences(low, "答案", begin):
        says = CHINESE_AFTER.match(low, at + 2)
        if says and says.end() > at + 2 and (statement := _line(low, Rule.FINAL, says.end())):
            yield statement
            return


def _last_choice(low: str, begin: int, word: str) -> Statement | None:
    for at in _occurrences(low, word, begin):
        if low[at + len(word) : at + len(word) + 1] in QUOTES and (field := JSON_AFTER.match(low, at + len(word))):
            return _filled(low, Rule.TAG, *field.span(field.lastgroup or "text"))
        says, before = IS_AFTER.match(low, at + len(word)), low[max(begin, at - 24) : at]
        if says is None and CHOICE_BEFORE.search(before):
            says = COLON_AFTER.match(low, at + len(word))
        if word == "response" and not CHOICE_BEFORE.search(before):
            continue
        if says and not UNMEANT_BEFORE.search(before):
            return _clause(low, Rule.CHOICE_IS, says.end())
    return None


def last_boxed(low: str, begin: int) -> Statement | None:
    r"""The last `\boxed{...}` whose braces balance; of nested ones the inner, which holds the same words."""
    for tries, at in enumerate(_occurrences(low, "\\boxed", begin)):
        if tries == 20:  # twenty open boxes in a row are hostile, not LaTeX
            return None
        start = low.find("{", at, at + 10) + 1
        if start and (end := _closing_brace(low, start)):
            return _filled(low, Rule.BOXED, start, end)
    return None


def _closing_brace(low: str, start: int) -> int | None:
    depth = 1
    for brace in BRACE.finditer(low, start, start + LONGEST_VALUE):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return brace.start()
    return None
