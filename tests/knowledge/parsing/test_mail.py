from __future__ import annotations

import struct
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from ole_file import Tree, ole_file

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.mail_outlook import unpacked_rtf
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
Write = Callable[[str, str | bytes], Path]
TABLE = "<table><tr><th>Site</th><th>Days</th></tr><tr><td>Graz</td><td>27</td></tr></table>"


def letter(subject: str = "Leave für alle", body: str = "Ask early.") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "Ann Lee <ann@example.org>", "all@example.org"
    message["Subject"], message["Date"] = subject, "Mon, 02 Mar 2026 10:00:00 +0100"
    message.set_content(body)
    return message


def test_a_letter_is_its_fields_its_body_and_its_attachments(read: Read, write: Write) -> None:
    message = letter()
    message.add_alternative(f"<h1>Leave</h1><p>Ask early.</p>{TABLE}", subtype="html")
    message.add_attachment(b"Seats: 6", maintype="text", subtype="plain", filename="rooms.txt")
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="logo.png")
    document = read(write("mail.eml", message.as_bytes()))
    assert document.title == "Leave für alle"
    assert document.pages[0].text == (
        "Leave für alle\nFrom: Ann Lee <ann@example.org>\nTo: all@example.org\nDate: Mon, 02 Mar 2026 10:00:00 +0100"
        "\n\nLeave\n\nAsk early.\n\nSite: Graz; Days: 27"
    )
    assert document.pages[1].text == "rooms.txt\n\nSeats: 6"
    assert [(one.level, one.text) for one in document.headings] == [
        (1, "Leave für alle"),
        (2, "Leave"),
        (1, "rooms.txt"),
    ]
    assert [document.text[one.start :].startswith(one.text) for one in document.headings] == [True] * 3
    assert document.note == "1 of 2 attachments could not be read: logo.png."


def test_the_plain_body_is_read_where_the_laid_out_one_is_empty(read: Read, write: Write) -> None:
    message = letter()
    message.add_alternative("<script>x</script>", subtype="html")
    assert read(write("mail.eml", message.as_bytes())).text.endswith("\n\nAsk early.")


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252", "x-unknown", ""])
def test_letters_of_any_encoding_are_read(read: Read, write: Write, encoding: str) -> None:
    charset = f"; charset={encoding}" if encoding else ""
    body = "Grüße aus Graz, wir schließen früher.".encode("utf-8" if encoding == "utf-8" else "cp1252")
    head = f"Subject: =?{encoding}?q?Gr=FC?=\r\nFrom: a@example.org\r\nContent-Type: text/plain{charset}\r\n\r\n"
    assert "Grüße aus Graz" in read(write("mail.eml", head.encode() + body)).text


def nested(depth: int) -> EmailMessage:
    message = letter("innermost", "the innermost words")
    for level in range(depth):
        outer = letter(f"level {level}")
        outer.add_attachment(message)
        message = outer
    return message


def test_letters_in_letters_are_read_to_a_depth(read: Read, write: Write) -> None:
    assert "the innermost words" in read(write("mail.eml", nested(3).as_bytes())).text
    assert "the innermost words" not in read(write("mail.eml", nested(4).as_bytes())).text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"From: a\nSubject: x\n" + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)), "damaged|holds more"),  # noqa: E501
        (b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\nContent-Type: image/png\n\nx\n" * 1100, "holds more"),  # noqa: E501
    ],
)  # fmt: skip
def test_letters_made_to_hang_readers_are_refused(read: Read, write: Write, content: bytes, sentence: str) -> None:
    with pytest.raises(UnreadableDocument, match=sentence):
        read(write("mail.eml", content))


@pytest.mark.parametrize(
    "field", [b"=?" * 50_000, b"(" * 100_000, b"=?utf-8?b?" + b"A" * 100_001 + b"?=", b"<" * 100_000, b"\xff\xfe"]
)
def test_strange_fields_cost_no_text(read: Read, write: Write, field: bytes) -> None:
    head = b"Subject: " + field + b"\nFrom: " + field + b'\nContent-Type: text/plain; charset="' + field[:9] + b'"\n'
    assert "the words" in read(write("mail.eml", head + b"\nthe words")).text


def outlook(**more: bytes | Tree) -> bytes:
    wide = {"__substg1.0_0037001F": "Leave", "__substg1.0_0C1A001F": "Ann Lee", "__substg1.0_0E04001F": "all"}
    tree: Tree = {name: text.encode("utf-16-le").ljust(64, b"\x00") for name, text in wide.items()}
    tree["__substg1.0_007D001E"] = b"Received: x\r\nDate: Mon, 02 Mar 2026\r\n"
    return ole_file(tree | more)


ATTACHED: Tree = {
    "__substg1.0_37010102": b"Room;Seats\nMira;6\n",
    "__substg1.0_3707001F": "rooms.csv".encode("utf-16-le"),
}


def test_a_letter_of_outlook_is_read_with_its_attachments(read: Read, write: Write) -> None:
    body = "Ask early.".encode("utf-16-le")
    more: dict[str, bytes | Tree] = {"__attach_version1.0_#00000000": ATTACHED, "__substg1.0_1000001F": body}
    document = read(write("mail.msg", outlook(**more)))
    assert document.pages[0].text == "Leave\nFrom: Ann Lee\nTo: all\nDate: Mon, 02 Mar 2026\n\nAsk early."
    assert document.pages[1].text == "rooms.csv\n\nRoom: Mira; Seats: 6"
    assert document.title == "Leave"


def test_outlook_bodies_in_other_forms_are_read(read: Read, write: Write) -> None:
    packed = struct.pack("<4L", 30, 22, 0x414C454D, 0) + rb"{\rtf1 from rich text}"
    assert "from rich text" in read(write("a.msg", outlook(**{"__substg1.0_10090102": packed}))).text
    html = f"<h2>Laid out</h2>{TABLE}".encode()
    assert "Site: Graz; Days: 27" in read(write("b.msg", outlook(**{"__substg1.0_10130102": html}))).text


def test_packed_rich_text_is_unpacked_as_its_makers_example_says() -> None:
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert unpacked_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


@pytest.mark.parametrize("cut", [600, 1000, 1536, 2500])
def test_a_cut_letter_of_outlook_is_told(read: Read, write: Write, cut: int) -> None:
    more: dict[str, bytes | Tree] = {"__attach_version1.0_#00000000": ATTACHED, "__substg1.0_1000001F": b"x" * 8000}
    data = outlook(**more)
    with pytest.raises(UnreadableDocument):
        read(write("mail.msg", data[:cut]))
