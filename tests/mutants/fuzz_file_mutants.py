"""Mends of judges' replies and prompts, pictures and tables, taken out again: tests over drawn ones must see it."""

from mutant_rows import Mutant

JUDGES = "tests/fuzz/test_judges_replies.py"
PICTURES = "tests/fuzz/test_drawn_pictures.py"
FILES = "tests/fuzz/test_drawn_files.py"
ROWS = "tests/fuzz/test_drawn_rows.py"
PIXELS = "seewhy/records/pictures.py"
PROMPTS = "tests/fuzz/test_filled_prompts.py"

FUZZ_FILE_MUTANTS = [
    Mutant(
        name="drawn: a tag in another spelling ends a judge's section",
        file="seewhy/judging/prompts/template.py",
        source="return CLOSING_TAG.sub(",
        defect="return SECTION.sub(",
        seen_by=f"{PROMPTS}::test_no_text_ends_a_section_of_a_prompt_in_any_spelling",
    ),
    Mutant(
        name="drawn: a bare line break ends a judge's object",
        file="seewhy/judging/asking/replies.py",
        source="strict=False)",
        defect="strict=True)",
        seen_by=f"{JUDGES}::test_latex_and_line_breaks_that_a_judge_does_not_escape_are_kept",
    ),
    Mutant(
        name="drawn: of two objects of a judge the first counts",
        file="seewhy/judging/asking/replies.py",
        source="return objects[0] if len(objects) == 1 else",
        defect="return objects[0] if objects else",
        seen_by=f"{JUDGES}::test_two_objects_are_no_verdict",
    ),
    Mutant(
        name="drawn: a thought of a judge is its verdict",
        file="seewhy/judging/asking/replies.py",
        source="without_leading_thought(",
        defect="str(",
        seen_by=f"{JUDGES}::test_the_object_of_a_reply_is_read_in_every_dress",
    ),
    Mutant(
        name="drawn: what is seen through is black",
        file=PIXELS,
        source='inked.size, "white")',
        defect='inked.size, "black")',
        seen_by=f"{PICTURES}::test_what_is_seen_through_is_white",
    ),
    Mutant(
        name="drawn: deep greys are cut off",
        file=PIXELS,
        source="    if is_deep(picture):\n        return _as_grey(",
        defect="    if False:\n        return _as_grey(",
        seen_by=f"{PICTURES}::test_deep_greys_are_scaled_and_not_cut_off",
    ),
    Mutant(
        name="drawn: a moving picture is sent as it is",
        file="seewhy/endpoints/sent_pictures.py",
        source=" and not is_animated(picture)",
        defect="",
        seen_by=f"{PICTURES}::test_of_a_moving_picture_the_first_frame_is_shown_and_sent_alone",
    ),
    Mutant(
        name="drawn: a later frame is shown",
        file=PIXELS,
        source="        picture.seek(0)\n",
        defect="        picture.seek(picture.n_frames - 1)\n",
        seen_by=f"{PICTURES}::test_of_a_moving_picture_the_first_frame_is_shown_and_sent_alone",
    ),
    Mutant(
        name="drawn: a smaller picture has more bytes",
        file="seewhy/endpoints/sent_pictures.py",
        source="if len(content) <= max(len(own.content), FEW_BYTES):",
        defect="if content:",
        seen_by=f"{PICTURES}::test_a_picture_that_is_made_smaller_has_no_more_bytes",
    ),
    Mutant(
        name="drawn: pixels are decoded without a bound",
        file=PIXELS,
        source="if picture.width * picture.height > MAX_PIXELS:",
        defect="if False:",
        seen_by=f"{PICTURES}::test_a_head_that_claims_too_many_pixels_is_refused_before_they_are_decoded",
    ),
    Mutant(
        name="drawn: a whole id is written with its point",
        file="seewhy/evaluation/predictions.py",
        source="return whole[1] if whole else text",
        defect="return text",
        seen_by=f"{FILES}::test_an_id_is_one_however_a_table_writes_it",
    ),
    Mutant(
        name="drawn: a number of a table keeps its point",
        file="seewhy/records/cells.py",
        source='return text.rstrip("0").rstrip(".") if "." in text else text',
        defect='return text + ".5"',
        seen_by=f"{FILES}::test_an_id_is_one_however_a_table_writes_it",
    ),
    Mutant(
        name="drawn: a byte-order mark is part of the first name",
        file="seewhy/evaluation/tables.py",
        source='.decode("utf-8-sig")',
        defect='.decode("utf-8")',
        seen_by=f"{FILES}::test_marks_at_the_beginning_and_separators_of_lines_within_cells_change_no_row",
    ),
    Mutant(
        name="drawn: every separator of lines ends a row",
        file="seewhy/evaluation/tables.py",
        source='_text(path).split("\\n")',
        defect="_text(path).splitlines()",
        seen_by=f"{FILES}::test_marks_at_the_beginning_and_separators_of_lines_within_cells_change_no_row",
    ),
    Mutant(
        name="drawn: columns have no bound",
        file="seewhy/evaluation/tables.py",
        source="if len(names) > MOST_COLUMNS:",
        defect="if False:",
        seen_by=f"{FILES}::test_a_table_of_too_many_columns_is_refused_with_their_number",
    ),
    Mutant(
        name="drawn: deep nesting has no name",
        file="seewhy/evaluation/tables.py",
        source="except (json.JSONDecodeError, RecursionError) as error:",
        defect="except json.JSONDecodeError as error:",
        seen_by=f"{FILES}::test_deep_nesting_is_refused_with_the_file",
    ),
    Mutant(
        name="drawn: the last of two names is kept",
        file="seewhy/evaluation/tables.py",
        source="if len(found) < len(fields):",
        defect="if False:",
        seen_by=f"{FILES}::test_a_name_that_stands_twice_in_a_row_is_refused_by_name",
    ),
    Mutant(
        name="drawn: a speaker that is no text is looked up",
        file="seewhy/formats/talk/messages.py",
        source="    if not isinstance(said, str) or said not in roles:\n",
        defect="    if said not in roles:\n",
        seen_by=f"{ROWS}::test_a_row_of_any_tool_is_written_for_any_other_or_refused",
    ),
    Mutant(
        name="drawn: a facet is taken for a pair of key and value",
        file="seewhy/formats/seewhy.py",
        source='if isinstance(one, Mapping) and {"key", "value"} <= one.keys()',
        defect="",
        seen_by=f"{ROWS}::test_a_row_of_any_tool_is_written_for_any_other_or_refused",
    ),
    Mutant(
        name="drawn: a number beyond floating point is one",
        file="seewhy/records/lines.py",
        source=" and plain.bit_length() <= MOST_BITS:",
        defect=":",
        seen_by=f"{ROWS}::test_a_row_of_any_tool_is_written_for_any_other_or_refused",
    ),
    Mutant(
        name="drawn: a pick of no reply is taken",
        file="seewhy/formats/seewhy.py",
        source="            require_ranks(group)\n",
        defect="            pass\n",
        seen_by=f"{ROWS}::test_a_row_of_any_tool_is_written_for_any_other_or_refused",
    ),
    Mutant(
        name="drawn: what unpacks an archive has errors without a name",
        file="seewhy/formats/pictures/archives.py",
        source=", zlib.error,\n    lzma.LZMAError,\n",
        defect=",\n",
        seen_by=f"{ROWS}::test_a_damaged_archive_gives_a_member_or_is_refused_with_the_field",
    ),
]
