"""A strict reader of HTTP/1.1, for what the proxy writes, in both directions.

It takes canonical messages alone: CRLF line ends, tokens, no white space before a colon, no folded
lines, no chunk extensions, at most one field that frames a body. `None` means: more bytes needed.
"""

import re
from dataclasses import dataclass

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
BARE = re.compile(rb"(?<!\r)\n|\r(?!\n|\Z)")
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*", re.S)
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x7e]+) HTTP/1\.1")
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)")
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
LENGTH = re.compile(rb"[0-9]{1,18}")


class Malformed(Exception):
    """The bytes are no canonical HTTP/1.1."""


@dataclass
class Message:
    """One message as it was read; `first` and `second` are method and target, or status and reason."""

    first: bytes
    second: bytes
    fields: tuple
    body: bytes = b""
    trailers: tuple = ()
    framing: str = "none"


def values(fields, name):
    return [value for key, value in fields if key.lower() == name]


def read_fields(lines):
    fields = []
    for line in lines:
        match = FIELD.fullmatch(line)
        if not match:
            raise Malformed(f"field line {line[:60]!r}")
        fields.append(match.groups())
    return tuple(fields)


def read_block(data, start):
    """The lines until an empty one, and where they end."""
    end = data.find(b"\r\n\r\n", start)
    block = bytes(data[start:end + 2 if end >= 0 else len(data)])
    if found := BARE.search(block):
        raise Malformed(f"bare CR or LF in {block[max(0, found.start() - 20):found.end() + 20]!r}")
    return None if end < 0 else (block[:-2].split(b"\r\n"), end + 4)


def read_chunked(data, at):
    """Body, trailers and the end of a chunked body."""
    body = bytearray()
    while True:
        end = data.find(b"\r\n", at)
        line = bytes(data[at:end if end >= 0 else len(data)])
        if end < 0:
            if len(line) > 18 or not re.fullmatch(rb"[0-9A-Fa-f]*\r?", line):
                raise Malformed(f"chunk size line {line[:40]!r}")
            return None
        if not CHUNK_SIZE.fullmatch(line):
            raise Malformed(f"chunk size line {line[:40]!r}")
        size, at = int(line, 16), end + 2
        if size == 0:
            break
        if len(data) < at + size + 2:
            return None
        if data[at + size:at + size + 2] != b"\r\n":
            raise Malformed("chunk without CRLF behind its data")
        body += data[at:at + size]
        at += size + 2
    if data[at:at + 2] == b"\r\n":
        return bytes(body), (), at + 2
    block = read_block(data, at)
    return block and (bytes(body), read_fields(block[0]), block[1])


def framing_of(fields):
    """None, a number, or "chunked": what the fields say of the body."""
    lengths, codings = values(fields, b"content-length"), values(fields, b"transfer-encoding")
    if len(lengths) + len(codings) > 1:
        raise Malformed(f"several framing fields: {lengths + codings}")
    if codings:
        if codings[0].lower() != b"chunked":
            raise Malformed(f"transfer coding {codings[0]!r}")
        return "chunked"
    if lengths and not LENGTH.fullmatch(lengths[0]):
        raise Malformed(f"Content-Length {lengths[0]!r}")
    return int(lengths[0]) if lengths else None


def read_body(message, data, at, framing):
    """Fills the body in; the end of the message, or None while bytes are missing."""
    if framing == "chunked":
        if not (read := read_chunked(data, at)):
            return None
        message.body, message.trailers, end = read
        message.framing = "chunked"
        return end
    if len(data) < at + framing:
        return None
    message.framing, message.body = "length", bytes(data[at:at + framing])
    return at + framing


def read_request(data, at=0):
    """A request and its end."""
    if not (block := read_block(data, at)):
        return None
    lines, end = block
    match = REQUEST_LINE.fullmatch(lines[0])
    if not match:
        raise Malformed(f"request line {lines[0][:60]!r}")
    message = Message(*match.groups(), read_fields(lines[1:]))
    if len(values(message.fields, b"host")) != 1:
        raise Malformed(f"{len(values(message.fields, b'host'))} Host fields")
    framing = framing_of(message.fields)
    if framing is not None:
        end = read_body(message, data, end, framing)
    return end and (message, end)


def read_response(data, at, method, ended):
    """A response, interim ones too, and its end. A 101 makes the rest a tunnel."""
    if not (block := read_block(data, at)):
        return None
    lines, end = block
    match = STATUS_LINE.fullmatch(lines[0])
    if not match:
        raise Malformed(f"status line {lines[0][:60]!r}")
    message = Message(*match.groups(), read_fields(lines[1:]))
    status = int(message.first)
    framing = framing_of(message.fields)
    if status == 101:
        message.framing, message.body = "tunnel", bytes(data[end:])
        return (message, len(data)) if ended else None
    if status < 200 or status in (204, 304) or method == b"HEAD":
        return message, end
    if framing is None:
        message.framing, message.body = "close", bytes(data[end:])
        return (message, len(data)) if ended else None
    end = read_body(message, data, end, framing)
    return end and (message, end)


def read_answers(data, methods, ended):
    """The complete final answers with their interim ones, and where what is left begins."""
    answers, interim, at = [], [], 0
    for method in methods:
        while at < len(data) and (read := read_response(data, at, method, ended)):
            message, at = read
            if 100 <= int(message.first) < 200 and message.framing != "tunnel":
                interim.append(message)
                continue
            answers.append((message, tuple(interim)))
            interim = []
            break
        else:
            break
    return answers, at
