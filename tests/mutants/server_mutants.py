"""Defects planted where servers, pictures and other processes are not trusted."""

from mutant_rows import Mutant

ENDPOINTS = "seewhy/endpoints"
READING = f"{ENDPOINTS}/reading.py"
PICTURES = "seewhy/records/pictures.py"
SENT = f"{ENDPOINTS}/sent_pictures.py"
STRANGE = "tests/endpoints/test_strange_answers.py"
TRANSPORT = "tests/endpoints/test_transport.py"
PROCESSES = "tests/endpoints/test_processes.py"
SHOWN = "tests/records/test_pictures.py"
SENT_TESTS = "tests/endpoints/test_sent_pictures.py"

SERVER_MUTANTS = [
    Mutant(
        name="transport: redirects are followed",
        file=f"{ENDPOINTS}/transport/http.py",
        source="data=data, allow_redirects=False",
        defect="data=data, allow_redirects=True",
        seen_by=f"{TRANSPORT}::test_a_redirect_is_told_and_not_followed",
    ),
    Mutant(
        name="transport: an answer has no bound",
        file=f"{ENDPOINTS}/transport/http.py",
        source="if size > MAX_BODY:",
        defect="if size < 0:",
        seen_by=f"{TRANSPORT}::test_a_small_answer_that_unpacks_to_a_huge_one_is_left_at_the_bound",
    ),
    Mutant(
        name="answers: half a character is kept",
        file=f"{ENDPOINTS}/texts.py",
        source='HALF.sub("\\ufffd", value)',
        defect="str(value)",
        seen_by=f"{STRANGE}::test_half_characters_are_replaced_wherever_they_stand",
    ),
    Mutant(
        name="answers: a negative bill is believed",
        file=READING,
        source="0 <= value <= MAX_COUNT",
        defect="value <= MAX_COUNT",
        seen_by=f"{STRANGE}::test_usage_that_cannot_be_is_no_bill_and_our_own_estimate_counts",
    ),
    Mutant(
        name="answers: JSON without an end goes up as an error",
        file=READING,
        source="    except RecursionError:",
        defect="    except KeyError:",
        seen_by=f"{STRANGE}::test_json_nested_without_an_end_is_a_fault",
    ),
    Mutant(
        name="answers: an error beside a reply is passed over",
        file=READING,
        source='    if answer.get("error"):',
        defect='    if answer.get("error") and "choices" not in answer:',
        seen_by=f"{STRANGE}::test_half_a_reply_of_a_server_that_lost_its_model_is_asked_again_and_not_kept",
    ),
    Mutant(
        name="answers: an empty reply is kept",
        file=READING,
        source="    if not text.strip() and ids is None:",
        defect='    if not text.strip() and message.get("content") is None and ids is None:',
        seen_by=f"{STRANGE}::test_a_model_that_says_nothing_is_a_failure_that_names_the_cause_and_is_not_paid_again",
    ),
    Mutant(
        name="answers: a filter's refusal of a prompt is asked again by each run",
        file=READING,
        source="is_final=True, is_reply=True)\n    complaint",
        defect="is_final=True)\n    complaint",
        seen_by=f"{STRANGE}::test_a_prompt_that_a_filter_refuses_is_not_asked_again_by_the_next_run",
    ),
    Mutant(
        name="secrets: an escaped key is kept",
        file=f"{ENDPOINTS}/secrets.py",
        source="        body = ESCAPED.sub(_unescaped, body)",
        defect="        body = bytes(body)",
        seen_by="tests/endpoints/test_secrets.py::test_a_key_is_struck_out_in_every_spelling",
    ),
    Mutant(
        name="settings: a refused temperature is sent again",
        file=f"{ENDPOINTS}/capabilities.py",
        source='self.takes_temperature and "temperature" not in names',
        defect='self.takes_temperature or "temperature" not in names',
        seen_by="tests/endpoints/test_refused_settings.py"
        "::test_refused_settings_are_left_out_from_then_on_and_it_is_said_once",
    ),
    Mutant(
        name="processes: a request that another asks is asked too",
        file=f"{ENDPOINTS}/claims.py",
        source="return held is None or held[0] == self.owner",
        defect="return bool(key)",
        seen_by=f"{PROCESSES}::test_a_claim_of_a_client_that_no_longer_says_that_it_lives_is_free",
    ),
    Mutant(
        name="processes: what another has under way is not counted",
        file=f"{ENDPOINTS}/claims.py",
        source=", Sum(tokens=open_, dollars=open_dollars)",
        defect=", Sum(tokens=0 * open_, dollars=open_dollars)",
        seen_by=f"{PROCESSES}::test_what_is_under_way_and_what_was_lost_are_told_apart",
    ),
    Mutant(
        name="cache: a damaged row is believed",
        file=f"{ENDPOINTS}/cache.py",
        source="if expected is not None and checksum(columns) != expected:",
        defect="if expected is not None and not checksum(columns):",
        seen_by=f"{PROCESSES}::test_a_changed_byte_is_named_or_changes_nothing",
    ),
    Mutant(
        name="pictures: any format is opened",
        file=PICTURES,
        source=", formats=FORMATS)",
        defect=")",
        seen_by=f"{SHOWN}::test_a_picture_that_is_a_program_is_not_run",
    ),
    Mutant(
        name="pictures: pixels have no bound",
        file=PICTURES,
        source="if picture.width * picture.height > MAX_PIXELS:",
        defect="if picture.width * picture.height < 0:",
        seen_by=f"{SHOWN}::test_too_many_pixels_are_refused_before_they_are_decoded_and_the_bound_is_told",
    ),
    Mutant(
        name="pictures: a note to turn one is passed over",
        file=PICTURES,
        source="    if turn == 1:",
        defect="    if turn:",
        seen_by=f"{SHOWN}::test_a_note_to_turn_a_picture_is_kept_to",
    ),
    Mutant(
        name="pictures: see-through pages are black",
        file=PICTURES,
        source="    if not picture.has_transparency_data:",
        defect="    if picture.mode:",
        seen_by=f"{SHOWN}::test_what_lets_through_is_laid_on_white",
    ),
    Mutant(
        name="pictures: deep greys are cut off",
        file=PICTURES,
        source="    if is_deep(picture):",
        defect="    if not picture.mode:",
        seen_by=f"{SHOWN}::test_deep_greys_are_scaled_to_what_a_viewer_shows",
    ),
    Mutant(
        name="pictures: made smaller one may have more bytes",
        file=SENT,
        source="if len(content) <= max(len(own.content), FEW_BYTES):",
        defect="if len(content):",
        seen_by=f"{SENT_TESTS}::test_fewer_pixels_are_never_more_bytes",
    ),
    Mutant(
        name="pictures: an animation is sent whole",
        file=SENT,
        source=" and not is_animated(picture)",
        defect="",
        seen_by=f"{SENT_TESTS}::test_of_an_animation_the_first_frame_is_sent",
    ),
    Mutant(
        name="sampling: a top_p of 0 draws the last word for ever",
        file="seewhy/model/api.py",
        source="if not 0 < self.top_p <= 1:",
        defect="if not 0 <= self.top_p <= 1:",
        seen_by="tests/model/test_sampling_params.py::test_settings_that_cannot_be_meant_are_refused_by_name",
    ),
]
