"""Clients that leave: the connection to the origin is closed within a second."""

import threading
import time

from harness import check, expect, wait
from stage import Stage, connect, drain, reset

WITHIN = 1.0
UPLOAD = b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100000000\r\n\r\n"
CHUNKED = b"POST /up HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n"
GET = b"GET /down HTTP/1.1\r\nHost: a.example\r\n\r\n"
HEADS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3b9aca00\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\n\r\n",
}


def closed_in_time(stage, left_at, told):
    """The origin has seen the end of its newest connection."""
    link = stage.links[-1]
    wait(lambda: link.ended_at, f"{told}: the origin's connection stays", 10)
    seconds = link.ended_at - left_at
    expect(seconds < WITHIN, f"{told}: closed after {seconds:.1f} s")


def leave(peer, resets):
    left_at = time.monotonic()
    if resets:
        reset(peer)
    else:
        peer.close()
    return left_at


@check("leaving-upload")
def upload(run):
    """In the middle of a body: the origin reads, and sees the end at once."""
    def act(link):
        link.read_head()
        link.drop()

    stage = Stage(run, act)
    port = run.proxy(stage.port).port
    for resets in (False, True):
        for name, head in (("length", UPLOAD), ("chunked", CHUNKED)):
            for sent in (0, 10, 60_000):
                told = f"{name}, {sent} bytes, {'reset' if resets else 'closed'}"
                before = len(stage.links)
                peer = connect(port)
                peer.sendall(head + b"x" * sent)
                wait(lambda: len(stage.links) > before and stage.links[-1].head, told)
                closed_in_time(stage, leave(peer, resets), told)


@check("leaving-upload-blocked")
def upload_blocked(run):
    """The origin takes nothing, and all buffers are full. Only a reset can be seen there."""
    def act(link):
        link.read_head()
        link.wait_end()

    for name, head in (("length", UPLOAD), ("chunked", CHUNKED.replace(b"10000", b"5f5e100"))):
        stage = Stage(run, act, receive_buffer=65536)
        peer = connect(run.proxy(stage.port).port, 1)
        peer.sendall(head)
        try:
            while True:
                peer.sendall(b"x" * 65536)
        except TimeoutError:
            pass
        closed_in_time(stage, leave(peer, True), f"{name}, blocked")


@check("leaving-download")
def download(run):
    """In the middle of a response without an end."""
    for name, head in HEADS.items():
        def act(link, head=head):
            link.read_head()
            link.send(head)
            link.send_endlessly()

        stage = Stage(run, act)
        port = run.proxy(stage.port).port
        for resets in (False, True):
            for count in (1, 5_000_000):
                told = f"{name}, after {count} bytes, {'reset' if resets else 'closed'}"
                peer = connect(port)
                peer.sendall(GET)
                got = 0
                while got < count:
                    got += len(peer.recv(1 << 18))
                closed_in_time(stage, leave(peer, resets), told)


@check("leaving-download-blocked")
def download_blocked(run):
    """The client has read nothing for a while, and goes."""
    for name, head in HEADS.items():
        def act(link, head=head):
            link.read_head()
            link.send(head)
            link.send_endlessly()

        stage = Stage(run, act)
        port = run.proxy(stage.port).port
        for resets in (False, True):
            peer = connect(port, receive_buffer=65536)
            peer.sendall(GET)
            time.sleep(0.3)
            closed_in_time(stage, leave(peer, resets), f"{name}, blocked, {'reset' if resets else 'closed'}")


@check("leaving-silence")
def silence(run):
    """While a response stands still in its body, or has not begun, and the client resets."""
    for name, head in {"no head": b"", **HEADS}.items():
        def act(link, head=head):
            link.read_head()
            link.send(head)
            link.wait_end()

        stage = Stage(run, act)
        port = run.proxy(stage.port).port
        peer = connect(port)
        peer.sendall(GET)
        wait(lambda: stage.links and stage.links[-1].head, name)
        if head:
            peer.recv(1 << 16)
        closed_in_time(stage, leave(peer, True), name)


@check("leaving-half")
def half(run):
    """A client that has ended its stream behind its request gets the whole response."""
    body = b"z" * 3_000_000

    def act(link):
        link.read_head()
        time.sleep(0.2)
        link.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    stage = Stage(run, act)
    with connect(run.proxy(stage.port).port) as peer:
        peer.sendall(GET)
        peer.shutdown(1)
        raw, ending = drain(peer)
    expect(raw.endswith(b"\r\n\r\n" + body) and ending == "fin", f"{len(raw)} bytes and {ending}")


@check("leaving-many")
def many(run):
    """A hundred at once, in the middle of downloads: nothing is left, and the proxy serves on."""
    def act(link):
        if b"/down" not in (link.read_head() or b""):
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            return
        link.send(HEADS["length"])
        # An end of the stream is no leave: the next bytes are answered with a reset.
        while link.send(b"x" * 1000):
            time.sleep(0.1)

    stage = Stage(run, act)
    port = run.proxy(stage.port).port
    peers = [connect(port) for _ in range(100)]
    for peer in peers:
        peer.sendall(GET)
    for peer in peers:
        peer.recv(1 << 16)
    left_at = time.monotonic()
    threads = [threading.Thread(target=leave, args=(peer, index % 2)) for index, peer in enumerate(peers)]
    for thread in threads:
        thread.start()
    wait(lambda: all(link.ended_at for link in stage.links), "not all connections are closed")
    seconds = max(link.ended_at for link in stage.links) - left_at
    expect(seconds < 2 * WITHIN, f"the last one after {seconds:.1f} s")
    with connect(port) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        expect(drain(peer)[0].endswith(b"ok"), "the next request is not answered")
