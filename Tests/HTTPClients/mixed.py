"""Many clients at once, some of which leave in the middle: each response belongs to its request."""

import hashlib
import json
import random
import threading
import time

import servers
import wire
from harness import check, expect
from stage import connect, reset

CLIENTS = 12
WANTS = [b"", b"", b"chunked", b"trailers", b"close", b"early"]


class Client:
    """One after another, requests that name themselves, over connections that are kept or left."""

    def __init__(self, port, number, seed, until):
        self.port, self.number, self.until = port, number, until
        self.random = random.Random(f"{seed} {number}")
        self.peer = None
        self.whole, self.left, self.wrong = 0, 0, None

    def run(self):
        count = 0
        try:
            while time.monotonic() < self.until and not self.wrong:
                self.step(b"%d-%d" % (self.number, count))
                count += 1
        except (OSError, wire.Malformed, ValueError) as error:
            self.wrong = f"client {self.number}, request {count}: {type(error).__name__}: {error}"
        finally:
            self.close()

    def close(self, resets=False):
        if self.peer:
            if resets:
                reset(self.peer)
            else:
                self.peer.close()
        self.peer = None

    def step(self, name):
        self.peer = self.peer or connect(self.port)
        body, head, payload = self.request(name)
        if self.random.random() < 0.15:
            return self.leave(head + payload)
        self.peer.sendall(head + payload)
        raw, answers, ended = bytearray(), [], False
        while not answers:
            data = self.peer.recv(1 << 18)
            ended = not data
            raw += data
            answers, _ = wire.read_answers(raw, [head.split(b" ")[0]], ended)
            if ended and not answers:
                raise ValueError(f"the end after {bytes(raw[:100])!r}")
        self.judge(name, body, answers[0][0], head)
        if ended or b"close" in b"".join(wire.values(answers[0][0].fields, b"connection")):
            self.close()
        self.whole += 1

    def request(self, name):
        body, want = None, self.random.choice(WANTS)
        if self.random.random() < 0.5:
            body = self.random.randbytes(self.random.choice([0, 1, 100, 5000, 70_000, 300_000]))
        head = (b"GET" if body is None else b"POST") + b" /" + name + b" HTTP/1.1\r\nHost: a.example\r\n"
        head += b"X-Want: " + want + b"\r\n"
        if body is None:
            return b"", head + b"\r\n", b""
        if self.random.random() < 0.5:
            return body, head + b"Content-Length: %d\r\n\r\n" % len(body), body
        payload, at = b"", 0
        while at < len(body):
            size = self.random.choice([1, 1000, 5000, 65536, len(body)])
            piece = body[at:at + size]
            payload += b"%x\r\n" % len(piece) + piece + b"\r\n"
            at += size
        return body, head + b"Transfer-Encoding: chunked\r\n\r\n", payload + b"0\r\n\r\n"

    def judge(self, name, body, message, head):
        if message.first != b"200":
            raise ValueError(f"{message.first.decode()} {message.body[:80]!r} to {head[:60]!r}")
        view = json.loads(message.body)
        seen = (view["target"], view["length"], view["sha256"])
        if seen != ("/" + name.decode(), len(body), hashlib.sha256(body).hexdigest()):
            raise ValueError(f"{name.decode()} of {len(body)} bytes was answered as {seen}")

    def leave(self, data):
        """Sends a part or all, reads nothing or a little, and goes."""
        self.peer.sendall(data[:self.random.randrange(1, len(data) + 1)])
        if self.random.random() < 0.3:
            self.peer.settimeout(0.01)
            try:
                self.peer.recv(100)
            except TimeoutError:
                pass
        self.close(self.random.random() < 0.5)
        self.left += 1


def mix(run, origin):
    port, until = run.proxy(origin).port, time.monotonic() + (30 if run.long else 2)
    clients = [Client(port, number, run.seed, until) for number in range(CLIENTS)]
    threads = [threading.Thread(target=one.run, daemon=True) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.note(f"{sum(one.whole for one in clients)} answers, {sum(one.left for one in clients)} clients left")
    wrong = [one.wrong for one in clients if one.wrong]
    expect(not wrong, "; ".join(wrong[:3]))
    expect(all(one.whole for one in clients), "a client got nothing")


@check("mixed-node", ["node"])
def node(run):
    mix(run, servers.node(run))


@check("mixed-h11", ["python:h11"])
def h11(run):
    mix(run, servers.h11(run))


@check("mixed-aiohttp", ["python:aiohttp"])
def aiohttp(run):
    mix(run, servers.aiohttp(run))


@check("mixed-two-origins", ["node"])
def two(run):
    mix(run, [servers.node(run), servers.node(run)])
