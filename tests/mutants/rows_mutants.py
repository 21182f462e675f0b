"""Defects planted in the reading of rows, in manifests, and in what is told of damage."""

from mutant_rows import Mutant

SHARDS = "tests/records/test_shards.py"
ROWS = "tests/records/test_rows.py"
INTEGRITY = "tests/records/test_integrity.py"
LINEAGE = "tests/records/test_lineage.py"

TABLE = (
    ("rows: any column may be missing", "parquet.py",
     "if name not in there and name not in later:", "if False:",
     f"{SHARDS}::test_rows_that_were_written_before_a_field_came_are_read_without_it_beside_those_that_have_it"),
    ("rows: those before the start of a row group are not passed over", "parquet.py",
     "skip, skipped = min(skipped, len(batch)), max(0, skipped - len(batch))", "skip, skipped = 0, 0",
     f"{ROWS}::test_rows_are_those_that_were_written_by_any_way_of_asking"),
    ("rows: a lack of memory is told as damage", "parquet.py",
     "return isinstance(error, MemoryError) or found is not None or _NO_THREAD in str(error)", "return False",
     f"{INTEGRITY}::test_a_lack_of_memory_is_told_as_that_and_never_as_damage"),
    ("rows: pages are not checked", "parquet.py",
     "page_checksum_verification=True", "page_checksum_verification=False",
     f"{SHARDS}::test_a_damaged_byte_is_never_read_as_another_row"),
    ("lines: true is taken for a number", "lines.py",
     "type(plain) is hint:", "isinstance(plain, (hint, int)):",
     f"{ROWS}::test_a_line_that_does_not_fit_is_named_by_line_and_field"),
    ("files: a shard that was added is not named", "integrity.py",
     "if name not in manifest.files)", "if False)",
     f"{INTEGRITY}::test_exactly_the_files_that_were_cut_flipped_taken_or_added_are_named"),
    ("files: a changed file passes", "integrity.py",
     "if hash_file(directory / name) != manifest.files[name])", "if not (directory / name).stat().st_size)",
     f"{INTEGRITY}::test_exactly_the_files_that_were_cut_flipped_taken_or_added_are_named"),
    ("files: steps within a step are hashed with it", "integrity.py",
     "elif path.is_dir() and not (path / MANIFEST).exists():", "elif path.is_dir():",
     f"{INTEGRITY}::test_every_file_of_a_step_is_hashed_but_the_manifest_itself_and_steps_within"),
    ("manifest: its own damage is believed", "lineage.py",
     "if found.get(CHECKSUM) != _checksum(values):", "if CHECKSUM not in found:",
     f"{LINEAGE}::test_no_flipped_bit_of_a_manifest_is_believed"),
)  # fmt: skip

ROWS_MUTANTS = [
    Mutant(name=name, file=f"seewhy/records/{file}", source=source, defect=defect, seen_by=seen_by)
    for name, file, source, defect, seen_by in TABLE
]
