"""An uploaded file out of a multipart form."""

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser

from seewhy.testing.served.asked import UnfitError


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file with the name and the purpose that its sender gives it."""

    filename: str
    purpose: str
    content: bytes


def read_upload(body: bytes, content_type: str) -> Upload:
    """The file of a form with the fields `file` and `purpose`; UnfitError where one is missing."""
    form = BytesParser().parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts = form.get_payload()
    if not isinstance(parts, list):
        raise UnfitError("the body is no multipart form with a file and a purpose")
    named = {part.get_param("name", header="content-disposition"): part for part in parts if isinstance(part, Message)}
    if not {"file", "purpose"} <= named.keys():
        raise UnfitError("the form lacks the field file or purpose")
    return Upload(
        filename=named["file"].get_filename() or "upload.jsonl",
        purpose=_bytes_of(named["purpose"]).decode(),
        content=_bytes_of(named["file"]),
    )


def _bytes_of(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        raise UnfitError("a field of the form holds another form")
    return content
