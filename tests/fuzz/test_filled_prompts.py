"""A judge's prompt around hostile texts: whatever a reply holds, its section ends where the prompt ends it."""

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from seewhy.judging.prompts.template import PromptTemplate

PROMPT = PromptTemplate(text="<question>{{question}}</question>\n<reply>{{reply}}</reply>\nIs it right?")
GAPS = st.sampled_from(["", " ", "  ", "\n", "\t", "\u200b"])
NAMES = st.sampled_from(["reply", "REPLY", "Reply", "ｒｅｐｌｙ", "question", "Question"])
CLOSING = st.tuples(
    st.sampled_from(["<", "＜", "&lt;", "‹"]), GAPS, st.sampled_from(["/", "\\", "／", "//"]), GAPS, NAMES,
    st.sampled_from(["", " ", "\n", ' id="1"']), st.sampled_from([">", "＞", "&gt;", ""]),
).map("".join)  # fmt: skip
OTHER = st.sampled_from(["right", "{{reply}}", "{{question}}", "3 < 4 / 2", "</b>", "\n"])
HOSTILE = st.lists(st.one_of(CLOSING, OTHER), max_size=5).map("|".join)
ENDS = re.compile(r"(?:[<‹]|&lt;)[/\\\\]+(?:reply|question)(?!\w)")


@given(HOSTILE, HOSTILE)
def test_no_text_ends_a_section_of_a_prompt_in_any_spelling(question, reply):
    filled = unicodedata.normalize("NFKC", PROMPT.fill(question=question, reply=reply)).casefold()
    bare = re.sub(r"[\s\u200b]", "", filled)
    assert ENDS.findall(bare) == ["</question", "</reply"]


@given(st.sampled_from(["</b>", "a </i> b", "1 </2>", "<reply>", "x < y / reply", "</sum>"]))
def test_what_ends_no_section_stays(text):
    assert text in PROMPT.fill(question="q", reply=text)
