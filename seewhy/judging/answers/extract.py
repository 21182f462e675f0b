"""Read the answer a reply states, or abstain with the reason; never guess.

Explicit final statements come before weak ones, the last before the first, and what is inside
the marks of thinking never wins over what follows it. The formats are those of LLaVA-Reasoner (`### Answer:`), MPO
(`Final answer:`, boxed, `<answer>`), MM-CoT and ARES (`The answer is (A).`), and mm-cot-rlaif
(`Here is my response:`).
"""

import re
import string
from functools import lru_cache

from seewhy.judging.answers.boxes import later_than_a_box
from seewhy.judging.answers.decoration import undress, unescaped
from seewhy.judging.answers.findings import Abstention, Extraction, Rule
from seewhy.judging.answers.letters import is_out_of_range, letter_of, names_an_option, other_letters
from seewhy.judging.answers.numbers import number_in_words
from seewhy.judging.answers.signs import in_plain_signs, lower
from seewhy.judging.answers.statements import CHOICE_WORDS, STRONG, Statement, sentence_end, statements_by_rank
from seewhy.judging.answers.values import NUMERIC, polar_of, value_of
from seewhy.judging.answers.weak_letters import LONGEST_LINE, conclusion, weak_letter
from seewhy.judging.answers.whole_replies import WORDS, is_read_whole, whole_reply
from seewhy.records.thinking import thinking_ends
from seewhy.records.types import MatchRule, Style

LETTERS = string.ascii_uppercase
STILL_THINKING = "the reply ends while still thinking"
CLAUSES = frozenset({Rule.IS, Rule.CHOICE_IS, Rule.FINAL})
LINES = frozenset({Rule.MARK, Rule.FINAL, Rule.LINE})
SPOKEN = re.compile(r"\S")
RESPONSE_MARK = re.compile(r"my response[*_ \t]{0,4}[:：]")
NEXT_QUESTION = re.compile(
    r"\n(?:[ \t*#_]{0,8}(?:(?:next|new|another) )?(?:question|q)[ \t]?\d{0,3}[*_]{0,3}[ \t]?[:：]"
    r"|#{1,6}[ \t](?:question|instruction|input|problem)\b[^\n]{0,20}\n|(?:user|human)[:：])"
)
"""A base model goes on to a question of its own, in a line of its own."""
NEXT_TURN = re.compile(r"<\|user|\[inst\]|[.!] {1,2}(?:question|q):\s")
"""The same within a line."""
ROLE_STARTS = ("assistant", "<", " ", "\n", "ai", "bot", "model", "\t", "\r")
OPENERS = frozenset({"sure", "ok", "okay", "certainly", "of course", "absolutely", "great", "let's solve it"})
END_TOKEN = re.compile(
    r"<\|(?:im_end|endoftext|eot_id|end|end_of_text|eom_id|return|assistant_end)\|>|</s>|<eos>"
    r"|<end_of_turn>|<end_of_utterance>|<｜end▁of▁sentence｜>"
)
"""An end token of chat templates that a server or a file left in the text: what follows is no part of the reply."""
ROLE = re.compile(
    r"\s{0,8}(?:(?:assistant|ai|bot|model)\s?[:：]|<\|im_start\|>assistant\n"
    r"|<\|start_header_id\|>assistant<\|end_header_id\|>|<start_of_turn>model\n)"
)
"""Whose turn it is, which templates and base models write before a reply."""
INTRODUCTION = re.compile(r"[*_\s]{0,4}(?:(?:so|thus|the|my|our|final|correct|right)[,]?\s){0,4}answer\b[^\d]{0,24}")
NEW_SENTENCE = re.compile(
    r"\.\s{1,3}(?=(?:The|It|This|That|These|So|Thus|Hence|Therefore|We|They|There|Then|Because|Since|However|As|In)\s)"
)
LISTED_LINE = re.compile(r"\W{0,3}[^()\[\]\n]{1,40}[(\[]([A-Z])[)\]]")
WORDS_OF_A_SENTENCE = 5


def extract_answer(
    text: str,
    options: tuple[str, ...] = (),
    *,
    rule: MatchRule = MatchRule.EXACT,
    style: Style = Style.REASON,
) -> Extraction | Abstention:
    """The answer that `text` states, in linear time.

    With `options` the answer is a capital letter, under `MatchRule.YES_NO` it is "yes" or "no", and otherwise the
    words of the statement without decoration.

    Example:
        >>> extract_answer("Row 1 holds 5 and 7. ### Answer: 12").answer
        '12'
        >>> extract_answer("The answer is (E).", ("cat", "dog")).why
        'letter E is not among the 2 options'
    """
    if options and len(text) == 1 and text in LETTERS[: len(options)]:
        return Extraction(answer=text, rule=Rule.WHOLE, start=0, end=1)
    if not options and rule is not MatchRule.YES_NO and len(text) < LONGEST_LINE and text.isascii() and text.isdigit():
        return Extraction(answer=text, rule=Rule.WHOLE, start=0, end=len(text))
    text = in_plain_signs(text)
    low = masked(lower(text), options)
    begin = reply_start(low)
    if isinstance(begin, Abstention):
        return begin
    if "<" in low and (stop := _end_of_turn(low, begin)):
        text, low = text[:stop], low[:stop]
    text, low, ranked = _own_statements(text, low, begin, options, rule)
    if ranked and not (is_read_whole(rule, style) and ranked[0].rule not in STRONG):
        if options:
            return _stated_letter(text, begin, ranked, options)
        return _read(text, later_than_a_box(text, ranked, rule) or _innermost(low, ranked), options, rule)
    if options:
        return weak_letter(text, begin, options)
    if rule is MatchRule.YES_NO:
        return _read(text, Statement(Rule.WHOLE, begin, len(text)), options, rule)
    return whole_reply(text, begin, style, rule)


def _end_of_turn(low: str, begin: int) -> int | None:
    """Where the first end token behind words of the reply stands; one that stands before all of them ends nothing."""
    stops = (each.start() for each in END_TOKEN.finditer(low, begin))
    return next((stop for stop in stops if SPOKEN.search(low, begin, stop)), None)


def _own_statements(
    text: str, low: str, begin: int, options: tuple[str, ...], rule: MatchRule
) -> tuple[str, str, list[Statement]]:
    """The statements of the reply, and the reply itself without a further question that it invents and answers."""
    ranked = statements_by_rank(low, begin, options=bool(options))
    for invented in _next_questions(low, begin):
        own = low[: invented.start()]
        if not own[begin:].strip():
            continue
        stated = statements_by_rank(own, begin, options=bool(options))
        if stated or (invented[0][0] not in ".!" and _answers(text[: len(own)], begin, options, rule)):
            return text[: len(own)], own, stated
        break
    return text, low, ranked


def _next_questions(low: str, begin: int) -> list[re.Match[str]]:
    """Where a further question may begin, in order."""
    found = list(NEXT_QUESTION.finditer(low, begin)) if "\n" in low else []
    # One sign is found ten times as fast as several, and most replies hold none of them.
    is_told = ("<" in low and "<|user" in low) or ("[" in low and "[inst]" in low)
    if is_told or ("q" in low and ("question: " in low or "q: " in low)):
        found += NEXT_TURN.finditer(low, begin)
        found.sort(key=lambda each: each.start())
    return found


def _answers(own: str, begin: int, options: tuple[str, ...], rule: MatchRule) -> bool:
    """Whether what stands before a next question is an answer, and not how a reply opens ("Sure!")."""
    if options:
        return isinstance(weak_letter(own, begin, options), Extraction)
    words = own[begin:].split()
    if len(words) > WORDS[Style.DIRECT]:
        return False
    if rule in NUMERIC and not any(letter.isdigit() for letter in own[begin:]):
        return number_in_words(own[begin:].strip()) is not None
    return own[begin:].strip(" \n.!,:").casefold() not in OPENERS


def _innermost(low: str, ranked: list[Statement]) -> Statement:
    """The first statement, or the one that its value begins with: a heading, and below it "The answer is 12"."""
    first = ranked[0]
    for each in ranked[1:]:
        if first.start < each.start < each.end <= first.end and INTRODUCTION.fullmatch(low, first.start, each.start):
            return each
    return first


def masked(low: str, options: tuple[str, ...]) -> str:
    """`low` with a mark for each letter of the options that hold words of a statement: quoted, they state nothing.

    Example:
        >>> masked("(a) the answer is hidden", ("the answer is hidden", "none"))
        '(a) xxxxxxxxxxxxxxxxxxxx'
    """
    for echo in _echoes(options):
        low = low.replace(echo, "x" * len(echo))
    return low


@lru_cache(maxsize=256)
def _echoes(options: tuple[str, ...]) -> tuple[str, ...]:
    texts = [lower(option.strip()) for option in options]
    return tuple(
        text for text in texts if len(text.split()) > 2 and any(word in text for word in ("answer", *CHOICE_WORDS))
    )


def _stated_letter(text: str, begin: int, ranked: list[Statement], options: tuple[str, ...]) -> Extraction | Abstention:
    """The letter of the first statement; one that names no option makes way, for later ones and then for earlier ones.

    A letter that no option has makes way for later statements alone.
    """
    first = ranked[0]
    found = _read(text, first, options, MatchRule.LETTER)
    if isinstance(found, Extraction):
        return found
    is_out = is_out_of_range(found)
    if not is_out and names_an_option(said := text[first.start : first.end], options):
        is_sentence = len(said.split()) >= WORDS_OF_A_SENTENCE or not said.isascii()
        concluded = conclusion(text[: first.end], first.start, options) if is_sentence else found
        return concluded if isinstance(concluded, Extraction) else found
    later = [each for each in ranked if each.start > first.start]
    for each in (*later, *(each for each in ranked[1:] if each.start < first.start and not is_out)):
        other = _read(text, each, options, MatchRule.LETTER)
        if isinstance(other, Extraction) or names_an_option(text[each.start : each.end], options):
            return other
    if not is_out and first.rule not in STRONG:
        weak = conclusion(text, begin, options)
    else:
        weak = weak_letter(text, first.end, options) if "\n" in text[first.end :].strip() else found
    return weak if isinstance(weak, Extraction) else found


def reply_start(low: str) -> int | Abstention:
    """Where the part that counts begins: after the thinking, after the words that announce a response."""
    begin = thinking_ends(low)
    if begin is None:
        return Abstention(STILL_THINKING)
    announced = low.rfind("my response", begin)
    if announced >= 0 and (mark := RESPONSE_MARK.match(low, announced)):
        begin = mark.end()
    if low.startswith(ROLE_STARTS, begin) and (role := ROLE.match(low, begin)):
        begin = role.end()
    return begin if SPOKEN.search(low, begin) else Abstention("the reply is empty")


def _read(text: str, statement: Statement, options: tuple[str, ...], rule: MatchRule) -> Extraction | Abstention:
    start, end = statement.start, statement.end
    if cut := NEW_SENTENCE.search(text, start, end):
        end = cut.start()
    value = unescaped(text[start:end]) if _is_json(text, statement) else text[start:end]
    if options:
        answer = letter_of(value, options)
        if isinstance(answer, Abstention) and statement.rule in CLAUSES:
            answer, end = _sentence_letter(text, start, end, options) or (answer, end)
        if isinstance(answer, str) and _is_one_of_several(text, statement, answer, options):
            answer = Abstention(f"more than one letter: {value[:40]!r} and more")
    elif rule is MatchRule.YES_NO:
        answer = polar_of(value[:LONGEST_LINE]) or Abstention("the answer begins with neither yes nor no")
    else:
        answer = value_of(undress(value), rule)
    if isinstance(answer, Abstention):
        return answer
    if not answer:
        return Abstention("the final statement holds no words")
    return Extraction(answer=answer, rule=statement.rule, start=start, end=end)


def _is_json(text: str, statement: Statement) -> bool:
    return (
        statement.rule is Rule.TAG
        and "\\" in text[statement.start : statement.end]
        and text[: statement.start].endswith('"')
    )


def _sentence_letter(text: str, start: int, end: int, options: tuple[str, ...]) -> tuple[str, int] | None:
    """The letter of the sentence from `start`, where its first clause names none: an option's text may have clauses."""
    line = text.find("\n", start, start + LONGEST_LINE)
    longer = sentence_end(lower(text), start, line if line >= 0 else min(len(text), start + LONGEST_LINE))
    if longer <= end:
        return None
    answer = letter_of(text[start:longer], options, phrases=False)
    return None if isinstance(answer, Abstention) else (answer, longer)


def _is_one_of_several(text: str, statement: Statement, letter: str, options: tuple[str, ...]) -> bool:
    """Whether the same line goes on to list another option, or the next line names one in the same way."""
    if len(text) - statement.end < len("(B)"):
        return False
    line, _, below = text[statement.end : statement.end + LONGEST_LINE].partition("\n")
    if line and statement.rule in LINES and other_letters(line, letter, options):
        return True
    if not below or (own := LISTED_LINE.match(text, statement.start, statement.end)) is None:
        return False
    next_line = LISTED_LINE.match(below.lstrip())
    return next_line is not None and next_line[1] != own[1]
