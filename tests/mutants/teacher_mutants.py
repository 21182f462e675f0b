"""Defects planted in the client of models behind a server: what is paid twice, lost, overspent or mistaken."""

from mutant_rows import Mutant

ENDPOINTS = "seewhy/endpoints"
TESTS = "tests/endpoints"
KEPT = f"{TESTS}/test_kept_replies.py"
SPENDING = f"{TESTS}/test_spending.py"
TEACHER = f"{TESTS}/test_teacher.py"
BATCHES = f"{TESTS}/test_batches.py"

TEACHER_MUTANTS = [
    Mutant(
        name="teacher: garbage is collected rarely for ever after",
        file="seewhy/records/collecting.py",
        source="gc.set_threshold(*RareCollection._before)",
        defect="pass",
        seen_by=f"{TESTS}/test_collecting.py::test_garbage_is_collected_rarely_while_a_teacher_talks_and_as_before_afterwards",
    ),
    Mutant(
        name="teacher: the temperature is left out of a request's key",
        file=f"{ENDPOINTS}/payload.py",
        source="before += [float(temperature), float(top_p), max_tokens]",
        defect="before += [float(top_p), max_tokens]",
        seen_by=f"{KEPT}::test_every_change_of_a_request_is_another_key",
    ),
    Mutant(
        name="teacher: the pictures are left out of a request's key",
        file=f"{ENDPOINTS}/payload.py",
        source="key=_key(request, messages, endpoint)",
        defect='key=_key(request, "".join(message.text for message in request.messages), endpoint)',
        seen_by=f"{KEPT}::test_a_picture_that_changed_under_its_name_is_asked_anew",
    ),
    Mutant(
        name="teacher: a reply is used before it is kept",
        file=f"{ENDPOINTS}/asking.py",
        source="            await self.budget.commit.run(write)",
        defect="            asyncio.get_running_loop().call_later(2.0, self.budget.commit.soon, write)",
        seen_by=f"{KEPT}::test_after_a_kill_only_what_was_in_flight_is_asked_twice",
    ),
    Mutant(
        name="teacher: fewer choices than asked for are taken for all",
        file=f"{ENDPOINTS}/asking.py",
        source="        while not kept.is_enough(wanted):",
        defect="        while not kept.is_enough(1):",
        seen_by=f"{TEACHER}::"
        "test_a_server_that_gives_one_choice_without_a_word_is_asked_for_the_rest_and_known_from_then_on",
    ),
    Mutant(
        name="teacher: the same seed for every reply of a request",
        file=f"{ENDPOINTS}/payload.py",
        source="seed=seed_at(request.seed, offset) if",
        defect="seed=request.seed if",
        seen_by=f"{TEACHER}::"
        "test_a_server_that_gives_one_choice_without_a_word_is_asked_for_the_rest_and_known_from_then_on",
    ),
    Mutant(
        name="teacher: equal requests at once are paid for twice",
        file=f"{ENDPOINTS}/asking.py",
        source="            await turn.wait()",
        defect="            turn.waiting += 10**6",
        seen_by=f"{TEACHER}::test_equal_requests_at_once_are_paid_for_once",
    ),
    Mutant(
        name="teacher: something of every request stays in memory",
        file=f"{ENDPOINTS}/asking.py",
        source="            if turn.end():",
        defect="            if not turn.end():",
        seen_by=f"{TESTS}/test_memory.py::test_a_call_whose_answer_was_used_leaves_nothing_in_memory",
    ),
    Mutant(
        name="teacher: a shorter deadline waits for a longer one",
        file=f"{ENDPOINTS}/transport/http.py",
        source="asyncio.timeout(deadline_s),\n                self._session.post(",
        defect="asyncio.timeout(max(deadline_s, 5.0)),\n                self._session.post(",
        seen_by=f"{TESTS}/test_waiting.py::test_each_call_is_given_up_at_its_own_deadline_and_no_other_is",
    ),
    Mutant(
        name="teacher: answers in the order they came",
        file=f"{ENDPOINTS}/asking.py",
        source="return [answers[number] for number in range(len(requests))]",
        defect="return list(answers.values())",
        seen_by=f"{TEACHER}::test_answers_stand_in_the_order_of_the_requests_though_they_come_in_another",
    ),
    Mutant(
        name="budget: what is under way is not counted",
        file=f"{ENDPOINTS}/accounting/budget.py",
        source="if self._reaches(spent + under_way + worst) else None",
        defect="if self._reaches(spent + worst) else None",
        seen_by=f"{SPENDING}::test_money_is_never_overspent_and_is_spent_as_far_as_it_reaches",
    ),
    Mutant(
        name="budget: what earlier runs spent is forgotten",
        file=f"{ENDPOINTS}/database.py",
        source="SELECT 1, COUNT(*), IFNULL(SUM(prompt_tokens), 0), IFNULL(SUM(completion_tokens), 0),",
        defect="SELECT 1, COUNT(*), 0 * IFNULL(SUM(prompt_tokens), 0), 0 * IFNULL(SUM(completion_tokens), 0),",
        seen_by=f"{TESTS}/test_processes.py::test_a_file_of_the_first_version_is_read_and_its_sums_count",
    ),
    Mutant(
        name="budget: a call that broke off costs nothing",
        file=f"{ENDPOINTS}/claims.py",
        source="        if is_cost_known:\n",
        defect="        if is_cost_known or not is_cost_known:\n",
        seen_by=f"{SPENDING}::test_a_call_that_broke_off_counts_against_the_bound_but_not_as_paid",
    ),
    Mutant(
        name="prices: the shorter side of a tiled picture is not bounded",
        file=f"{ENDPOINTS}/accounting/picture_tokens.py",
        source="scale = min(scale, 768 / min(width, height))",
        defect="scale = min(scale, 768 / max(width, height))",
        seen_by=f"{TESTS}/test_prices.py::test_a_picture_has_the_tokens_of_its_providers_own_example",
    ),
    Mutant(
        name="retries: Retry-After is not honoured",
        file=f"{ENDPOINTS}/transport/waiting.py",
        source="    if asked_s is not None:\n        return asked_s",
        defect="    if asked_s is None:\n        return 0.0",
        seen_by=f"{TESTS}/test_waiting.py::test_the_next_try_comes_after_the_time_the_server_names",
    ),
    Mutant(
        name="secrets: an echoed key is kept",
        file=f"{ENDPOINTS}/secrets.py",
        source="body = byte_spellings(secret).sub(STRUCK.encode(), body)",
        defect="body = bytes(body)",
        seen_by=f"{KEPT}::test_the_cache_holds_no_key_and_no_address_of_one",
    ),
    Mutant(
        name="batch: answers joined by order",
        file=f"{ENDPOINTS}/batch/ordering.py",
        source='name = str(answer.get("custom_id"))',
        defect="name = list(job.keys)[len(self.paid)]",
        seen_by=f"{BATCHES}::test_answers_are_joined_by_id_and_cost_half",
    ),
    Mutant(
        name="batch: a killed process forgets what it ordered",
        file=f"{ENDPOINTS}/batch/ordering.py",
        source="self.jobs = read_jobs(self.place)",
        defect="self.jobs = []",
        seen_by=f"{BATCHES}::test_a_killed_process_collects_the_batch_it_had_ordered",
    ),
]
