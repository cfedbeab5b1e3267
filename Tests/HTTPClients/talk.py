"""A plain client: sends requests over a connection that it keeps, and reads the answers."""

import re
import select
import socket
import time

import harness
import wire

PATIENCE = 10


class Peer:
    """A connection to a proxy or an origin, made anew when the last answer has ended it."""

    def __init__(self, port):
        self.port = port
        self.socket = None
        self.raw = bytearray()
        self.connections = 0
        self.ended = False

    def ask(self, asks):
        """The answers to requests that are sent at once, each with its interim answers."""
        for attempt in (0, 1):
            fresh = self.socket is None
            if fresh:
                self._connect()
            try:
                return self._exchange(asks)
            except (ConnectionError, EOFError) as error:
                self.close()
                # nginx ends some connections behind an answer that says keep-alive.
                if fresh or attempt or self.raw:
                    names = ", ".join(ask.name for ask in asks)
                    raise harness.Wrong(f"{names}: {type(error).__name__} of port {self.port} after "
                        f"{len(self.raw)} bytes, {bytes(self.raw[:60])!r}")

    def close(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    def _connect(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.raw.clear()
        self.ended = False
        self.connections += 1

    def _exchange(self, asks):
        self.raw.clear()
        if asks[0].waits:
            self.socket.sendall(asks[0].head())
            answers = self._read(asks[:1], True)
            if answers:
                self._after(asks[:1], answers)
                self.close()  # the origin did not want the body, so what comes next is open
                return answers
            self.socket.sendall(asks[0].payload())
        else:
            self.socket.sendall(b"".join(ask.head() + ask.payload() for ask in asks))
        answers = self._read(asks, False)
        self._after(asks, answers)
        return answers

    def _after(self, asks, answers):
        message = answers[-1][0]
        said = b",".join(wire.values(message.fields, b"connection")).lower()
        kept = b"close" not in said and (asks[-1].version == b"1.1" or b"keep-alive" in said)
        if self.ended or not kept or asks[-1].last:
            self.close()

    def _read(self, asks, interim):
        """All answers; with `interim`, none as soon as there is a 100."""
        limit = time.monotonic() + PATIENCE
        methods = [ask.method for ask in asks]
        while True:
            # A strict reader of 1.1 reads the answers of aiohttp to 1.0 as well.
            text = re.sub(rb"\AHTTP/1\.0 ", b"HTTP/1.1 ", bytes(self.raw))
            answers, _ = wire.read_answers(text, methods, self.ended)
            if len(answers) == len(asks):
                return answers
            if interim and text.startswith(b"HTTP/1.1 100") and text.endswith(b"\r\n\r\n"):
                return []
            if self.ended:
                if answers:
                    return answers  # an origin may end a connection behind any answer
                raise EOFError
            if not select.select([self.socket], [], [], max(limit - time.monotonic(), 0))[0]:
                raise harness.Wrong(f"{asks[0].name}: no answer in {PATIENCE} s, only {text[:80]!r}")
            try:
                data = self.socket.recv(1 << 18)
            except ConnectionResetError:
                data = b""
            self.ended = not data
            self.raw += data


def get(port, target=b"/", method=b"GET", fields=b"", body=b"", limit=PATIENCE):
    """One request on a connection of its own; the answer, or None if it ended before it was whole."""
    with socket.create_connection(("127.0.0.1", port), limit) as peer:
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        peer.sendall(method + b" " + target + b" HTTP/1.1\r\nHost: a.example\r\n" + fields + length
            + b"Connection: close\r\n\r\n" + body)
        raw = read_all(peer, limit)
    answers, _ = wire.read_answers(raw, [method], True)
    return answers[0][0] if answers else None


def read_all(peer, limit=PATIENCE):
    """All bytes up to the end; a reset is an end too."""
    peer.settimeout(limit)
    raw = bytearray()
    try:
        while data := peer.recv(1 << 18):
            raw += data
    except ConnectionResetError:
        pass
    return bytes(raw)
