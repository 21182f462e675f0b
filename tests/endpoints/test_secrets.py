"""A key is struck out of what a server sends, however it is spelled."""

from hypothesis import given
from hypothesis import strategies as st
from loopback import choices

from seewhy.endpoints.reading import read_answer
from seewhy.endpoints.secrets import SHORTEST, STRUCK, redactor_for
from seewhy.endpoints.transport.api import HttpResponse

ESCAPES = [
    lambda c: c,
    lambda c: f"\\u{ord(c):04x}",
    lambda c: f"\\u{ord(c):04X}",
    lambda c: f"\\\\u{ord(c):04x}",
    lambda c: f"\\{c}",
    lambda c: f"%{ord(c):02X}",
    lambda c: f"&#{ord(c)};",
    lambda c: f"&#x{ord(c):x};",
]


@given(
    st.text(st.sampled_from("abcXYZ019-_./+=\\\"'%&"), min_size=SHORTEST, max_size=20),
    st.lists(st.sampled_from(ESCAPES), min_size=20, max_size=20),
    st.text(max_size=9),
)
def test_a_key_is_struck_out_in_every_spelling(key, escapes, around):
    spelled = "".join(escape(character) for escape, character in zip(escapes, key, strict=False))
    redactor = redactor_for(key)
    told = redactor.clean(f"<{around}|{spelled}|>")
    assert STRUCK in told
    assert spelled not in told or spelled in around
    assert STRUCK.encode() in redactor.clean_bytes(f"<|{spelled}|>".encode())


def test_an_echoed_key_in_json_escapes_reaches_no_reply():
    key = "sk-01/23456789"
    for spelled in ("".join(f"\\u{ord(character):04x}" for character in key), key.replace("/", "\\/")):
        body = choices("it is KEY").body.replace(b"KEY", spelled.encode())
        came = read_answer(HttpResponse(status=200, headers={}, body=redactor_for(key).clean_bytes(body)))
        assert came.replies[0].text == "it is [key]"
