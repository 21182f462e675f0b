"""Mends of whole kinds taken out again, each of which a test over drawn inputs must see (`tests/fuzz/README.md`)."""

from mutant_rows import Mutant

ANSWERS = "seewhy/judging/answers"
REPLIES = "tests/fuzz/test_written_replies.py"
CHOICE = f"{REPLIES}::test_the_option_that_a_reply_states_is_read"
BARE = f"{REPLIES}::test_a_letter_in_a_paragraph_of_its_own_is_read"
VALUE = f"{REPLIES}::test_the_value_that_a_reply_states_is_read"
JUDGES = "tests/fuzz/test_judges_replies.py"
PICTURES = "tests/fuzz/test_drawn_pictures.py"
FILES = "tests/fuzz/test_drawn_files.py"
PIXELS = "seewhy/records/pictures.py"

FUZZ_MUTANTS = [
    Mutant(
        name="drawn: a box on the way hides the answer behind it",
        file=f"{ANSWERS}/extract.py",
        source="later_than_a_box(text, ranked, rule) or _innermost",
        defect="_innermost",
        seen_by=VALUE,
    ),
    Mutant(
        name="drawn: the statement that names no option hides others",
        file=f"{ANSWERS}/extract.py",
        source="    if not is_out and names_an_option(said := text[first.start : first.end], options):\n",
        defect="    said = text[first.start : first.end]\n    if not is_out:\n",
        seen_by=CHOICE,
    ),
    Mutant(
        name="drawn: end tokens are part of the answer",
        file=f"{ANSWERS}/extract.py",
        source='    if "<" in low and (stop := _end_of_turn(low, begin)):\n',
        defect="    if (stop := 0):\n",
        seen_by=BARE,
    ),
    Mutant(
        name="drawn: an answer within JSON keeps its escapes",
        file=f"{ANSWERS}/extract.py",
        source="unescaped(text[start:end]) if _is_json(text, statement) else text[start:end]",
        defect="text[start:end]",
        seen_by=VALUE,
    ),
    Mutant(
        name="drawn: a clause within an option's text ends it",
        file=f"{ANSWERS}/extract.py",
        source="_sentence_letter(text, start, end, options) or (answer, end)",
        defect="(answer, end)",
        seen_by=CHOICE,
    ),
    Mutant(
        name="drawn: a negation in the sentence before takes back a conclusion",
        file=f"{ANSWERS}/weak_letters.py",
        source="(?![^\\n]*[.!?。]\\s|.*\\n)",
        defect="",
        seen_by=CHOICE,
    ),
    Mutant(
        name="drawn: remarks behind the answer hide it",
        file=f"{ANSWERS}/weak_letters.py",
        source="return own if isinstance(own, Extraction) else found",
        defect="return found",
        seen_by=BARE,
    ),
    Mutant(
        name="drawn: a question is a statement",
        file=f"{ANSWERS}/statements.py",
        source='    if low.startswith("?", line.end):\n        return None\n',
        defect="",
        seen_by=CHOICE,
    ),
    Mutant(
        name="drawn: a quotation mark before an abbreviation ends it",
        file=f"{ANSWERS}/statements.py",
        source="""lstrip("(*\\"'“‘")""",
        defect="""lstrip("(*")""",
        seen_by=VALUE,
    ),
    Mutant(
        name="drawn: a decimal number goes on into the next sentence",
        file=f"{ANSWERS}/statements.py",
        source='("." in word and not word[-1:].isdigit())',
        defect='"." in word',
        seen_by=VALUE,
    ),
    Mutant(
        name="drawn: a thought counts",
        file="seewhy/records/thinking.py",
        source="end = mark.end() if _closes(mark) else None",
        defect="end = 0",
        seen_by=CHOICE,
    ),
    Mutant(
        name="drawn: LaTeX of a judge is read as JSON's escapes",
        file="seewhy/judging/asking/replies.py",
        source='found[0] if found["kept"] else r"\\\\"',
        defect="found[0]",
        seen_by=f"{JUDGES}::test_latex_and_line_breaks_that_a_judge_does_not_escape_are_kept",
    ),
    Mutant(
        name="drawn: any format that Pillow knows is decoded",
        file=PIXELS,
        source="else source, formats=FORMATS) as picture",
        defect="else source) as picture",
        seen_by=f"{PICTURES}::test_no_other_format_is_decoded_whatever_it_is_called",
    ),
    Mutant(
        name="drawn: a picture lies on its side",
        file=PIXELS,
        source="    if turn == 1:\n",
        defect="    if turn:\n",
        seen_by=f"{PICTURES}::test_every_picture_of_a_format_that_is_read_becomes_plain_colour",
    ),
    Mutant(
        name="drawn: damage has no name",
        file=PIXELS,
        source="    except DAMAGE as error:\n        raise PictureError(",
        defect="    except MemoryError as error:\n        raise PictureError(",
        seen_by=f"{PICTURES}::test_a_damaged_picture_is_read_or_refused_by_name",
    ),
    Mutant(
        name="drawn: half a character is taken",
        file="seewhy/benchmarks/lines/fields.py",
        source="    if has_halves(text):\n",
        defect="    if False:\n",
        seen_by=f"{FILES}::test_a_questions_file_is_read_or_refused_with_the_line",
    ),
]
