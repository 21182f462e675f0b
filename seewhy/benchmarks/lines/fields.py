"""One line of a questions file as a question: every field checked, and an error that names it and the remedy."""

import difflib
import json
import string
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from seewhy.benchmarks.lines.turns import TALK, Talk
from seewhy.records.cells import has_halves, named_once, number_text
from seewhy.records.types import Gold, MatchRule, Question, Split

FIELDS = (
    "id", "split", "question", "context", "options", "image", "images", "answer", "answers", "answer_index",
    "rule", "rationale", "facets",
)  # fmt: skip
OTHER_NAMES = {"val": "validation", "valid": "validation", "dev": "validation"}
"""What others call a split."""
BLANK = b"\xef\xbb\xbf \t\r\n"
"""Bytes of a line that is no row."""


def fields_of(line: bytes) -> dict[str, object]:
    """The line's JSON object; a name that occurs twice is refused."""
    try:
        found: object = json.loads(line.decode("utf-8-sig"), object_pairs_hook=named_once)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 ({error}); save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error}); a row is one JSON object on one line") from error
    if not isinstance(found, dict):
        raise ValueError(f"a row is a JSON object such as {{'id': '1', ...}}, and this is {found!r}")
    return {str(name): value for name, value in found.items()}


def numbered_rows(path: Path) -> Iterator[tuple[int, dict[str, object] | str]]:
    """Number and fields of each line of a JSON Lines file, or what is wrong with it; blank lines are no rows."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip(BLANK):
                try:
                    yield number, fields_of(line.removesuffix(b"\n"))
                except ValueError as error:
                    yield number, str(error)


def question_of(fields: Mapping[str, object], given: Split | None, *, by_letter: bool = False) -> Question:
    """The question of a row, its pictures apart. A field that is null is left out.

    Args:
        fields: of the row.
        given: the split that the file is named after.
        by_letter: whether the file names right options by letter alone (no row `names_text`): then an answer that is
            a letter, and another option's text as well, is the letter.

    Raises:
        ValueError: a field is unknown, missing or not as it must be.
    """
    talk = fields.get(TALK)
    if isinstance(talk, Talk):
        fields = {name: value for name, value in fields.items() if name != TALK}
    for name in fields:
        if name not in FIELDS:
            raise ValueError(f"unknown field {name!r}{_nearest(name, FIELDS)}")
    fields = _filled(fields)
    options = _options(fields)
    question = Question(
        id=_scalar(fields, "id"),
        benchmark="jsonl",
        split=_split(fields, given),
        text=_scalar(fields, "question"),
        context=_text(fields, "context"),
        options=options,
        gold=_gold(fields, options, by_letter=by_letter),
        rationale=_text(fields, "rationale") or None,
        facets=_facets(fields),
    )
    return replace(question, turns=talk.turns, places=talk.places) if isinstance(talk, Talk) else question


def pictures_of(fields: Mapping[str, object]) -> tuple[str, ...]:
    """The pictures' paths, as written in the row."""
    return _either(_filled(fields), "image")


def names_text(fields: Mapping[str, object]) -> bool:
    """Whether a row says which option is right by its text, and not by a letter.

    Example:
        >>> names_text({"options": ["a cat", "a dog"], "answer": "a dog"})
        True
        >>> names_text({"options": ["B", "A"], "answer": "A"})
        False
    """
    options, answer = fields.get("options"), fields.get("answer")
    if not isinstance(options, list) or fields.get("rule") not in (None, MatchRule.LETTER):
        return False
    answers = fields.get("answers") if answer is None else [answer]
    letters = string.ascii_uppercase[: len(options)]
    return isinstance(answers, list) and any(
        one is not None and not (isinstance(one, str) and len(one.strip()) == 1 and one.strip().upper() in letters)
        for one in answers
    )


def _filled(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not None}


def _nearest(word: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"


def word_of(name: str, value: object) -> str:
    """Text, or a number as text, written out: 12.0 is 12, and NaN is none.

    Raises:
        ValueError: it is neither, or empty, or text with half a character.
    """
    if isinstance(value, str) and value.strip():
        return _whole(name, value).strip()
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return number_text(value)
        except ValueError as error:
            raise ValueError(
                f"field {name!r} is {value!r}, which is no number; give its value, or leave it out"
            ) from error
    raise ValueError(f"field {name!r} must be text (or a number), and is {value!r}")


def _whole(name: str, text: str) -> str:
    if has_halves(text):
        raise ValueError(f"field {name!r} holds half a character (a lone surrogate, as of an emoji that was cut): "
                         f"write the whole one or take it out; it is {text!a:.80}")  # fmt: skip
    return text


def _scalar(fields: Mapping[str, object], name: str) -> str:
    if name not in fields:
        raise ValueError(f"field {name!r} is missing; every row has one")
    return word_of(name, fields[name])


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"field {name!r} must be text, and is {value!r}")
    return _whole(name, value or "").strip()


def words_of(name: str, value: object) -> tuple[str, ...]:
    """Each part of a list, as `word_of` gives it.

    Raises:
        ValueError: it is no list, or holds something else.
    """
    if not isinstance(value, list):
        raise ValueError(f'field {name!r} must be a list, such as ["a", "b"], and is {value!r}')
    return tuple(word_of(name, one) for one in value)


def _either(fields: Mapping[str, object], name: str) -> tuple[str, ...]:
    """One value under `name`, or several under its plural."""
    if name in fields and f"{name}s" in fields:
        raise ValueError(f"fields {name!r} and '{name}s' are both there; keep one")
    if name in fields:
        return (word_of(name, fields[name]),)
    return words_of(f"{name}s", fields.get(f"{name}s", []))


def split_of(name: str) -> Split | None:
    """The split that a name means; None where it is none.

    Example:
        >>> split_of("val"), split_of("dev"), split_of("trian")
        (<Split.VALIDATION: 'validation'>, <Split.VALIDATION: 'validation'>, None)
    """
    named = OTHER_NAMES.get(name, name)
    return Split(named) if named in [split.value for split in Split] else None


def _split(fields: Mapping[str, object], given: Split | None) -> Split:
    names = [split.value for split in Split]
    if "split" not in fields and given is None:
        raise ValueError(f"field 'split' is missing; say which of {', '.join(names)} the row is in, or give a folder "
                         "of one file a split")  # fmt: skip
    if "split" not in fields and given is not None:
        return given
    said = split_of(str(fields["split"]))
    if said is None:
        raise ValueError(f"field 'split' is {fields['split']!r}{_nearest(str(fields['split']), names)}")
    if given is not None and said != given:
        raise ValueError(f"field 'split' is {said.value!r} in the file of {given.value}; move the row, or leave it out")
    return said


def _options(fields: Mapping[str, object]) -> tuple[str, ...]:
    options = words_of("options", fields.get("options", []))
    if len(options) == 1 or len(options) > len(string.ascii_uppercase):
        raise ValueError(f"field 'options' holds {len(options)}; give 2 to 26, or none for a short answer")
    return options


def _gold(fields: Mapping[str, object], options: tuple[str, ...], *, by_letter: bool) -> Gold:
    answers, rule = _answers(fields, options), _rule(fields, options)
    if not answers and rule is not MatchRule.OPEN:
        raise ValueError('field \'answer\' is missing; give the right answer, or "rule": "open" where there is none')
    is_letters = rule is MatchRule.LETTER and all(len(answer) == 1 for answer in answers)
    if len(set(options)) < len(options) and not is_letters:
        raise ValueError(f"field 'options' holds {Counter(options).most_common(1)[0][0]!r} twice; they must differ, or "
                         "the answer be a letter")  # fmt: skip
    if rule is MatchRule.LETTER:
        answers = tuple(_letter(answer, options, by_letter=by_letter) for answer in answers)
    return Gold(answers=answers, rule=rule)


def _answers(fields: Mapping[str, object], options: tuple[str, ...]) -> tuple[str, ...]:
    """What is right; `answer_index` counts options from 0."""
    if "answer_index" not in fields:
        return _either(fields, "answer")
    if "answer" in fields or "answers" in fields:
        raise ValueError("fields 'answer' and 'answer_index' are both there; keep one")
    said = word_of("answer_index", fields["answer_index"])
    if not options:
        raise ValueError("field 'answer_index' counts 'options' from 0, and there are none")
    if not said.isdecimal() or int(said) >= len(options):
        most = len(options) - 1
        raise ValueError(f"field 'answer_index' counts the options from 0: it is from 0 to {most}, and is {said!r}")
    return (string.ascii_uppercase[int(said)],)


def _rule(fields: Mapping[str, object], options: tuple[str, ...]) -> MatchRule:
    """The row's rule; else by letter where there are options, and equal but for case, spaces and edge marks where not.

    RELAXED_NUMBER is no default: it forgives 5 %, and 21 is no right count of 20 things.
    """
    names = [rule.value for rule in MatchRule]
    said = fields.get("rule", MatchRule.LETTER if options else MatchRule.EXACT)
    if said not in names:
        raise ValueError(f"field 'rule' is {said!r}{_nearest(str(said), names)}")
    if said == MatchRule.LETTER and not options:
        raise ValueError("field 'rule' is 'letter' and there are no 'options'; give them, or another rule")
    return MatchRule(str(said))


def _letter(answer: str, options: tuple[str, ...], *, by_letter: bool) -> str:
    """The capital letter of an answer that is a letter or an option's text, small letters last."""
    letters = string.ascii_uppercase[: len(options)]
    named = {answer} if len(answer) == 1 and answer in letters else set[str]()
    if named and by_letter:
        return answer
    named |= {letter for letter, option in zip(letters, options, strict=True) if option == answer}
    if not named:
        # Nothing is spelt so: the case may differ, of a letter and of an option's words.
        named = {answer.upper()} if len(answer) == 1 and answer.upper() in letters else set[str]()
        if not (named and by_letter):
            same = answer.casefold()
            named |= {letter for letter, option in zip(letters, options, strict=True) if option.casefold() == same}
    if len(named) == 1:
        return named.pop()
    if named:
        raise ValueError(f"field 'answer': {answer!r} is a letter and the text of another option, or several but for "
                         "case, and other rows name options by their text; name all by letter, or give the option "
                         "another wording")  # fmt: skip
    raise ValueError(f"field 'answer': {answer!r} names none of the {len(options)} options; give a letter from A to "
                     f"{letters[-1]}, or an option's text")  # fmt: skip


def _facets(fields: Mapping[str, object]) -> dict[str, str]:
    facets = fields.get("facets", {})
    if not isinstance(facets, dict):
        raise ValueError(f'field \'facets\' must map names to values, such as {{"kind": "chart"}}, and is {facets!r}')
    return {_whole("facets", str(name)): word_of(f"facets.{name}", value)
            for name, value in facets.items() if value is not None}  # fmt: skip
