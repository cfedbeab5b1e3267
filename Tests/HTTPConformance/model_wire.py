"""The reading half of the model proxy: the contract's rules in the plainest form."""

import re

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x22\x24-\x7e]+) HTTP/([0-9])\.([0-9])")
REG_NAME = rb"(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+"
AUTHORITY = re.compile(rb"(?:" + REG_NAME + rb"|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
NEVER_TRAILERS = {b"content-length", b"transfer-encoding", b"host", b"trailer", b"connection", b"te", b"upgrade",
    b"keep-alive", b"set-cookie", b"authorization", b"x-forwarded-for"}
HEAD_MOST, FIELDS_MOST, LINE_MOST, EXTENSIONS_MOST = 65536, 200, 16384, 4096


class Bad(Exception):
    def __init__(self, status):
        super().__init__(status)
        self.status = status


def take_line(data, at, most, status):
    """The line at this place and where the next one begins; None while its end is missing."""
    end = data.find(b"\n", at)
    line = bytes(data[at:end if end >= 0 else len(data)])
    if len(line) > most:
        raise Bad(status)
    cr = line.find(b"\r")
    if cr >= 0 and cr != len(line) - 1:
        raise Bad(400)
    if end < 0:
        return None
    if not line.endswith(b"\r"):
        raise Bad(400)
    return line[:-1], end + 1


def take_fields(data, at, start, repairs):
    """Field lines until the empty one, and their end."""
    fields = []
    while True:
        taken = take_line(data, at, HEAD_MOST, 431)
        if (at if taken is None else taken[1]) - start > HEAD_MOST:
            raise Bad(431)
        if taken is None:
            return None
        line, at = taken
        if not line:
            return [(name, value.strip(b" \t")) for name, value in fields], at
        if line[:1] in b" \t":
            if not repairs or not fields or not VALUE.fullmatch(line):
                raise Bad(400)
            fields[-1] = fields[-1][0], fields[-1][1].rstrip(b" \t") + b" " + line.strip(b" \t")
            continue
        match = re.fullmatch(rb"(" + TOKEN + rb")(" + (rb"[ \t]*" if repairs else rb"") + rb"):(.*)", line, re.S)
        if not match or not VALUE.fullmatch(match[3]):
            raise Bad(400)
        fields.append((match[1], match[3]))
        if len(fields) > FIELDS_MOST:
            raise Bad(431)


def values(fields, name):
    return [value for key, value in fields if key.lower() == name]


def framing(fields, minor):
    """None, a number, or "chunked"."""
    lengths, codings = values(fields, b"content-length"), values(fields, b"transfer-encoding")
    if codings:
        if lengths or len(codings) > 1 or minor == 0:
            raise Bad(400)
        words = [word.strip(b" \t").lower() for word in codings[0].split(b",")]
        if words != [b"chunked"]:
            known = all(re.fullmatch(TOKEN, word) for word in words)
            raise Bad(501 if known and b"chunked" not in words[:-1] else 400)
        return "chunked"
    if len(lengths) > 1 or (lengths and not re.fullmatch(rb"[0-9]{1,18}", lengths[0])):
        raise Bad(400)
    return int(lengths[0]) if lengths else None


def take_chunked(data, at):
    """Body, trailers, end; None while something is missing."""
    body, extensions = b"", 0
    while True:
        taken = take_line(data, at, EXTENSIONS_MOST + 64, 400)
        if taken is None:
            return None
        line, at = taken
        match = re.fullmatch(rb"([0-9A-Fa-f]{1,16})(;[\t\x20-\x7e\x80-\xff]*)?", line)
        extensions += len(match[2] or b"") if match else 0
        if not match or int(match[1], 16) >= 1 << 63 or extensions > EXTENSIONS_MOST:
            raise Bad(400)
        size = int(match[1], 16)
        if size == 0:
            break
        behind = bytes(data[at + size:at + size + 2])
        if behind and not b"\r\n".startswith(behind):
            raise Bad(400)
        if len(behind) < 2:
            return None
        body, at = body + bytes(data[at:at + size]), at + size + 2
    taken = take_fields(data, at, at, False)
    if taken is None:
        return None
    return body, [pair for pair in taken[0] if pair[0].lower() not in NEVER_TRAILERS], taken[1]


def take_body(data, at, how):
    if how is None:
        return b"", [], at
    if how == "chunked":
        return take_chunked(data, at)
    return (bytes(data[at:at + how]), [], at + how) if len(data) >= at + how else None


def target_of(method, target, hosts, minor):
    """The target to send on and the Host, None if the upstream's is wanted."""
    if minor and len(hosts) != 1 or len(hosts) > 1:
        raise Bad(400)
    if hosts and not AUTHORITY.fullmatch(hosts[0]):
        raise Bad(400)
    host = hosts[0] if hosts else None
    match = re.fullmatch(rb"(?i:http)://([^/?]*)([/?].*)?", target, re.S)
    if match:
        if not AUTHORITY.fullmatch(match[1]) or (host and host.lower() != match[1].lower()):
            raise Bad(400)
        path = match[2] or (b"*" if method == b"OPTIONS" else b"/")
        return (b"/" + path if path[:1] == b"?" else path), host or match[1]
    if not target.startswith(b"/") and (target, method) != (b"*", b"OPTIONS"):
        raise Bad(400)
    return target, host


def take_request(data):
    """A dictionary and the end of the message. One empty line in front is skipped."""
    start = 0
    if data[:2] == b"\r\n":
        start = 2
    elif data[:1] == b"\r" and len(data) == 1:
        return None
    taken = take_line(data, start, LINE_MOST, 414)
    if taken is None:
        return None
    match = LINE.fullmatch(taken[0])
    if not match or len(match[1]) > 32:
        raise Bad(400)
    method, target, major, minor = match[1], match[2], int(match[3]), int(match[4])
    if major != 1:
        raise Bad(505)
    if method == b"CONNECT":
        raise Bad(405)
    head = take_fields(data, taken[1], start, False)
    if head is None:
        return None
    fields, at = head
    target, host = target_of(method, target, values(fields, b"host"), minor)
    how = framing(fields, minor)
    body = take_body(data, at, how)
    if body is None:
        return None
    request = {"method": method, "target": target, "minor": minor, "fields": fields, "host": host,
        "chunked": how == "chunked", "body": body[0], "trailers": body[1]}
    return request, body[2]


def take_response(data, method, ended):
    """A dictionary and the end of the message."""
    taken = take_line(data, 0, HEAD_MOST, 502)
    if taken is None:
        return None
    match = re.fullmatch(rb"HTTP/1\.([0-9]) ([1-9][0-9]{2})(?: (.*))?", taken[0], re.S)
    if not match or not VALUE.fullmatch(match[3] or b""):
        raise Bad(502)
    head = take_fields(data, taken[1], 0, True)
    if head is None:
        return None
    fields, at = head
    status, how = int(match[2]), framing(fields, int(match[1]))
    answer = {"status": status, "reason": match[3] or b"", "fields": fields, "how": how, "body": b"", "trailers": []}
    if status < 200 or status in (204, 304) or method == b"HEAD":
        answer["how"] = "none"
        return answer, at
    if how is None:
        answer["how"], answer["body"] = "close", bytes(data[at:])
        return (answer, len(data)) if ended else None
    body = take_body(data, at, how)
    if body is None:
        return None
    answer["body"], answer["trailers"] = body[0], body[1]
    return answer, body[2]
