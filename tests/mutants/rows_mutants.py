"""Defects planted in the reading of rows, in manifests, and in what is told of damage."""

from mutant_rows import Mutant

SHARDS = "tests/records/test_shards.py"
ROWS = "tests/records/test_rows.py"
INTEGRITY = "tests/records/test_integrity.py"
HASHES = "tests/records/test_content_hash.py"
GROUPED = "tests/records/test_grouped.py"
ASKED = "tests/records/test_asked.py"
LINEAGE = "tests/records/test_lineage.py"
SIDED = "tests/pairs/test_sided.py"
IN_COLUMNS = "test_pairs_of_files_in_columns_are_those_of_the_rule_chain_by_chain"

TABLE = (
    ("rows: any column may be missing", "parquet.py",
     "if name not in there and name not in later:", "if False:",
     f"{SHARDS}::test_rows_that_were_written_before_a_field_came_are_read_without_it_beside_those_that_have_it"),
    ("rows: those before the start of a row group are not passed over", "parquet.py",
     "skip, skipped = min(skipped, len(batch)), max(0, skipped - len(batch))", "skip, skipped = 0, 0",
     f"{ROWS}::test_rows_are_those_that_were_written_by_any_way_of_asking"),
    ("rows: a lack of memory is told as damage", "parquet.py",
     "return isinstance(error, MemoryError) or found is not None or any(", "return False and any(",
     f"{INTEGRITY}::test_a_lack_of_memory_is_told_as_that_and_never_as_damage"),
    ("rows: pages are not checked", "parquet.py",
     "page_checksum_verification=True", "page_checksum_verification=False",
     f"{INTEGRITY}::test_a_damaged_byte_is_never_read_as_another_row"),
    ("lines: true is taken for a number", "lines.py",
     "type(plain) is hint:", "isinstance(plain, (hint, int)):",
     f"{ROWS}::test_a_line_that_does_not_fit_is_named_by_line_and_field"),
    ("rows: a number is cut to a whole one", "columns.py",
     "if not issubclass(other, _FITS[self.kind]) or", "if issubclass(other, bytes) or",
     f"{SHARDS}::test_a_value_of_another_type_is_named_by_row_and_field"),
    ("rows: NaN is read as a score", "columns.py",
     "if self.finite and not all(map(isfinite, decoded)):", "if False:",
     f"{SHARDS}::test_a_number_that_is_compared_or_added_is_finite_in_rows_written_and_read"),
    ("lines: half a character is text", "lines.py",
     "if isinstance(plain, str) and (lone", "if False and (lone",
     f"{ROWS}::test_a_line_that_does_not_fit_is_named_by_line_and_field"),
    ("files: a shard that was added is not named", "integrity.py",
     "if name not in manifest.files)", "if False)",
     f"{INTEGRITY}::test_exactly_the_files_that_were_cut_flipped_taken_or_added_are_named"),
    ("files: a changed file passes", "integrity.py",
     "if digest != manifest.files[name]]", "if not (directory / name).stat().st_size]",
     f"{INTEGRITY}::test_exactly_the_files_that_were_cut_flipped_taken_or_added_are_named"),
    ("files: steps within a step are hashed with it", "integrity.py",
     "elif path.is_dir() and not (path / MANIFEST).exists():", "elif path.is_dir():",
     f"{INTEGRITY}::test_every_file_of_a_step_is_hashed_but_the_manifest_itself_and_steps_within"),
    ("manifest: its own damage is believed", "lineage.py",
     "if found.get(CHECKSUM) != hash_json(values):", "if CHECKSUM not in found:",
     f"{LINEAGE}::test_no_flipped_bit_of_a_manifest_is_believed"),
    ("hashes: the time of change is not looked at", "content_hash.py",
     "found.st_mtime_ns, found.st_ctime_ns)", "found.st_mtime_ns, 0)",
     f"{HASHES}::test_other_bytes_are_noticed_however_they_came_there"),
    ("hashes: the file's own path is a key, links and all", "content_hash.py",
     "place = path.resolve(strict=True)", "place = path.absolute()",
     f"{HASHES}::test_a_file_that_stayed_as_it_was_is_not_read_again"),
    ("hashes: a fresh file is believed", "content_hash.py",
     "if known and known[0] == before and before.is_settled:", "if known and known[0] == before:",
     f"{HASHES}::test_a_file_that_changed_within_two_seconds_is_always_read"),
    ("hashes: a damaged cache is believed", "content_hash.py",
     'if found["checksum"] != hash_json(entries):', "if False:",
     f"{HASHES}::test_no_flipped_bit_of_a_cache_is_told_as_a_hash"),
    ("questions: one that begins again passes", "grouped.py",
     "if names[0] == names[1]:", "if False:",
     f"{GROUPED}::test_a_question_that_begins_again_is_named_with_both_places"),
    ("questions: the last of a batch is cut in two", "grouped.py",
     "last = len(whole) if _begins(batch, whole) else starts_in(whole)[-2]", "last = len(whole)",
     f"{GROUPED}::test_questions_that_are_larger_than_a_batch_or_end_with_one_are_whole"),
    ("questions: verdicts stay in their own order", "grouped.py",
     "    if not mixed:\n        return said", "    if True:\n        return said",
     f"{GROUPED}::test_each_question_comes_once_with_its_chains_and_the_verdict_on_each"),
    ("questions: verdicts that are left over pass", "grouped.py",
     "if len(left := graded.take(1)):", "if len(left := graded.take(0)):",
     f"{GROUPED}::test_a_row_that_stands_alone_or_twice_or_out_of_order_is_named_by_its_place"),
    ("asked: places do not move on", "asked.py",
     "        row += len(group)", "        row += 0",
     f"{ASKED}::test_a_chain_whose_question_is_missing_or_lies_elsewhere_is_named_by_its_place"),
)  # fmt: skip

STREAMING = "tests/pairs/test_streaming.py"
BY_STEP = "tests/pairs/test_by_step.py"
MISSING_RESULTS = "tests/formats/test_batch_results.py::test_missing_failed_and_repeated_results_are_told_by_row"
PAIRS = (
    ("streaming: styles of a question are one prompt", "pairs/blocks.py",
     "is_mixed = len(styles.dictionary) > 1", "is_mixed = False",
     f"{STREAMING}::test_pairs_are_those_that_they_ever_were_from_memory_and_from_files"),
    ("streaming: token ids are those of other chains", "pairs/rule.py",
     "block.token_ids([side.row for side in sides])", "block.token_ids(list(range(len(sides))))",
     f"{STREAMING}::test_pairs_are_those_that_they_ever_were_from_memory_and_from_files"),
    ("streaming: bins of two parts do not add up", "pairs/by_outcome.py",
     "self._bins.update({(one.judged, one.right): one.prompts for one in part.accuracies})", "",
     f"{STREAMING}::test_one_pass_gives_the_pairs_and_the_counts_and_those_of_parts_add_up"),
    ("streaming: prompts that are screened in columns are not counted", "pairs/rule.py",
     "self._tally.add_alike(alike)", "del alike",
     f"{STREAMING}::test_prompts_that_are_screened_in_columns_are_counted_as_those_that_are_looked_at"),
    ("pairs in columns: a text that a side holds twice is taken twice", "pairs/sided.py",
     "if number in repeats:", "if False:", f"{SIDED}::{IN_COLUMNS}"),
    ("pairs in columns: sides are taken in turn though they do not differ", "pairs/sided.py",
     "np.unique(np.concatenate([others, number[~differ(one, other)]]))", "others", f"{SIDED}::{IN_COLUMNS}"),
    ("pairs in columns: chains are taken in the order of the rows", "pairs/sided_rows.py",
     "places = places[np.lexsort((index, prompt))]", "pass", f"{SIDED}::{IN_COLUMNS}"),
    ("pairs in columns: no answer counts as one", "pairs/sided_rows.py",
     "np.array([*of, -1], np.int64)", "np.array([*of, len(numbers)], np.int64)", f"{SIDED}::{IN_COLUMNS}"),
    ("pairs in columns: repeated texts are not counted", "pairs/funnel.py",
     "counts[REPEATED] += len(own) - len(set(own))", "del own", f"{SIDED}::{IN_COLUMNS}"),
    ("pairs: both sides are taken in turn though they do not differ", "pairs/choosing.py",
     "if len(places) < most or not all(differ(chosen[one], rejected[other]) for one, other in places):",
     "if len(places) < most:",
     "tests/pairs/test_by_outcome.py::test_each_pair_takes_the_least_used_chains_that_differ"),
    ("pairs by step: the margin is not asked for", "pairs/by_step.py",
     "and step.score - wrong.spans[place].score >= self.margin", "",
     f"{BY_STEP}::test_steps_within_the_margin_and_chains_of_one_answer_make_no_pair"),
    ("pairs by step: equal answers are a pair", "pairs/by_step.py",
     "            and differ(one, wrong)\n", "",
     f"{BY_STEP}::test_steps_within_the_margin_and_chains_of_one_answer_make_no_pair"),
    ("pairs by score: an answer that cannot be read is a wrong one", "pairs/by_score.py",
     "if one.outcome is Outcome.INCORRECT])", "if one.outcome is not Outcome.CORRECT])",
     "tests/pairs/test_by_score.py::"
     "test_where_right_is_asked_a_right_chain_is_preferred_to_a_wrong_one_and_no_other"),
    ("batches: a result that failed counts as a reply", "evaluation/predictions.py",
     "if not isinstance(value, Mapping) or value.get(\"status_code\", OK) != OK:",
     "if not isinstance(value, Mapping):",
     "tests/cli/test_grade_recorded.py::test_results_of_a_batch_are_replies_and_a_judges_reviews"),
    ("batches: the first of two different replies is taken", "formats/talk/batch_replies.py",
     "for replies in good.values()}) > 1:", "for replies in good.values()}) > 9:", MISSING_RESULTS),
    ("batches: a cut reply is whole", "formats/talk/batch_replies.py",
     "if isinstance(end, str) and end in ENDS:", "if end in (\"tool_calls\",):", MISSING_RESULTS),
    ("batches: a result of no request is not told", "formats/talk/batch_replies.py",
     "WHERE NOT taken ORDER BY", "WHERE 0 ORDER BY", MISSING_RESULTS),
    ("formats: ids lose digits", "formats/rows/row.py",
     "return str(found) if isinstance(found, int) else number_text(self.finite(found, name))",
     "return number_text(self.finite(found, name))",
     "tests/formats/test_odd_files.py::test_ids_beyond_53_bits_stay_apart"),
    ("judging: a group with a chain twice is judged", "judging/api.py",
     "if len(set(keys)) < len(keys) or any(", "if any(",
     "tests/judging/test_judge_chains.py::"
     "test_a_group_with_a_chain_twice_or_of_another_question_is_refused_before_it_is_judged"),
)  # fmt: skip

ROWS_MUTANTS = [
    Mutant(name=name, file=f"seewhy/{file}", source=source, defect=defect, seen_by=seen_by)
    for name, file, source, defect, seen_by in (
        *((name, f"records/{file}", *rest) for name, file, *rest in TABLE), *PAIRS
    )
]  # fmt: skip
