"""An origin that answers 413 in the middle of a long upload: the client reads the answer whole."""

import threading
import time

import servers
import wire
from curl import curl, url
from harness import check, expect
from stage import Stage, connect, drain

TEXT = b"this is more than we take\n" * 200
ANSWER = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: %d\r\n%s\r\n" + TEXT
UPLOAD = 100 << 20
TIMES = 20


def kept(link):
    """Answers, and reads on for as long as the proxy sends."""
    link.read_head()
    link.send(ANSWER % (len(TEXT), b""))
    link.drop()


def lingering(link):
    """Answers, ends its stream, and reads on, as RFC 9112 9.6 wants it."""
    link.read_head()
    link.send(ANSWER % (len(TEXT), b"Connection: close\r\n"))
    link.peer.shutdown(1)
    link.drop()


def deaf(link):
    """Answers and reads no more."""
    link.read_head()
    link.send(ANSWER % (len(TEXT), b""))
    link.wait_end()


def late(link):
    """Takes 20 MB first."""
    link.read_head()
    count = 0
    while count < 20 << 20 and link.take():
        count += len(link.rest)
        link.rest.clear()
    link.send(ANSWER % (len(TEXT), b"Connection: close\r\n"))
    link.peer.shutdown(1)
    link.drop()


def abrupt(link):
    """Answers, and closes with bytes unread, so that a reset follows the answer."""
    link.read_head()
    link.take()
    link.send(ANSWER % (len(TEXT), b"Connection: close\r\n"))


def write_all(peer, chunked, pause, size=1 << 18):
    """Goes on writing whatever comes back, until the body is whole or the connection gone."""
    block = b"y" * size
    framed = b"%x\r\n" % len(block) + block + b"\r\n" if chunked else block
    end = time.monotonic() + 8
    try:
        for _ in range(UPLOAD // len(block)):
            peer.sendall(framed)
            if pause:
                time.sleep(pause)
                if time.monotonic() > end:
                    return
        if chunked:
            peer.sendall(b"0\r\n\r\n")
    except OSError:
        pass


def raw_upload(port, chunked, pause=0.0, reads_late=False, target=b"/up", method=b"POST"):
    """What a client that keeps on writing gets."""
    framing = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % UPLOAD
    with connect(port, 15) as peer:
        peer.sendall(method + b" " + target + b" HTTP/1.1\r\nHost: a.example\r\n" + framing + b"\r\n\r\n")
        writer = threading.Thread(target=write_all, args=(peer, chunked, pause), daemon=True)
        writer.start()
        if reads_late:
            writer.join(15)
        raw, ending = drain(peer, 15)
        writer.join(15)
    return raw, ending


def judge(raw, ending, name):
    try:
        answers, _ = wire.read_answers(raw, [b"POST"], True)
    except wire.Malformed as error:
        return f"{name}: {error}"
    if not answers:
        return f"{name}: {len(raw)} bytes and {ending}"
    message = answers[0][0]
    if message.first != b"413" or message.body != TEXT:
        return f"{name}: {message.first.decode()} with {len(message.body)} bytes"
    return None


def raw_clients(run, act, times):
    """Complaints of raw clients: by length and chunked, reading at once and behind the upload."""
    stage = Stage(run, act)
    port, bad = run.proxy(stage.port).port, []
    for index in range(times):
        chunked, reads_late = index % 2 == 1, index % 4 >= 2
        raw, ending = raw_upload(port, chunked, 0, reads_late)
        how = f"{'chunked' if chunked else 'length'}{', reads late' if reads_late else ''}"
        if found := judge(raw, ending, how):
            bad.append(found)
    return bad


def tell(run, bad, times, name):
    run.note(f"{name} {times - len(bad)}/{times}")
    expect(not bad, f"{name} {len(bad)} of {times} got no whole 413: {'; '.join(sorted(set(bad))[:4])}")


def make_raw(act):
    def body(run):
        tell(run, raw_clients(run, act, TIMES), TIMES, "a raw socket:")

    return body


def make_curl(act):
    def body(run):
        stage, bad = Stage(run, act), []
        proxy = run.proxy(stage.port)
        path = run.folder / "body"
        with open(path, "wb") as file:
            file.truncate(UPLOAD)
        for index in range(TIMES):
            how = ["-T", path] if index % 2 else ["-H", "Transfer-Encoding: chunked", "-T", path]
            done = curl(run, "-X", "POST", "-H", "Expect:", "-w", "%{http_code}", *how,
                url(proxy.port, "/up"), expects=None)
            if done.returncode or done.stdout != TEXT + b"413":
                bad.append(f"curl ended with {done.returncode}, {len(done.stdout)} bytes, {done.stdout[-3:]!r}")
        tell(run, bad, TIMES, "curl:")

    return body


for act in (kept, lingering, deaf, late, abrupt):
    check(f"early-413-{act.__name__}-raw", limit=90)(make_raw(act))
    check(f"early-413-{act.__name__}-curl", ["curl"], limit=150)(make_curl(act))


@check("early-413-no-reset")
def no_reset(run):
    """A client that writes for one second before it reads meets no error: many stop at one."""
    stage = Stage(run, lingering)
    with connect(run.proxy(stage.port).port, 15) as peer:
        peer.sendall(b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
        began, sent, fault = time.monotonic(), 0, None
        while time.monotonic() < began + 1 and not fault:
            try:
                sent += peer.send(b"y" * 65536)
            except OSError as error:
                fault = error
        seconds = time.monotonic() - began
        raw, ending = drain(peer, 15)
    expect(not judge(raw, ending, "the answer"), f"{judge(raw, ending, 'the answer')}")
    expect(not fault, f"{type(fault).__name__} after {sent} bytes and {seconds * 1000:.0f} ms")


def stuck(link):
    """Answers when the upload has filled all buffers, and reads nothing."""
    link.read_head()
    time.sleep(0.3)
    link.send(ANSWER % (len(TEXT), b""))
    link.wait_end()


@check("early-413-stuck")
def blocked(run):
    """The answer passes an upload that the origin does not take."""
    for framing in (b"Transfer-Encoding: chunked", b"Content-Length: %d" % (1 << 40)):
        port = run.proxy(Stage(run, stuck).port).port
        for index in range(6):
            with connect(port, 2) as peer:
                peer.sendall(b"POST /up HTTP/1.1\r\nHost: a.example\r\n" + framing + b"\r\n\r\n")
                threading.Thread(target=write_all, args=(peer, True, 0, 16_372), daemon=True).start()
                try:
                    raw = peer.recv(1 << 16)
                except OSError as error:
                    raw = type(error).__name__.encode()
                how = framing.decode().split(":")[0]
                expect(raw.startswith(b"HTTP/1.1 413"), f"{how}, upload {index}: {raw[:40]!r} instead of the answer")


@check("early-413-slow-writer")
def slow_writer(run):
    """A client that writes for longer than the proxy lingers, and reads behind that."""
    stage = Stage(run, lingering)
    port = run.proxy(stage.port).port
    for reads_late in (False, True):
        raw, ending = raw_upload(port, False, 0.02, reads_late)
        found = judge(raw, ending, f"reads late: {reads_late}")
        expect(not found, found)


@check("early-413-nginx", ["nginx", "curl"])
def nginx(run):
    """nginx's own 413, by curl and by a raw socket."""
    proxy = run.proxy(servers.nginx(run))
    path = run.folder / "body"
    with open(path, "wb") as file:
        file.truncate(UPLOAD)
    bad = 0
    for _ in range(5):
        raw, ending = raw_upload(proxy.port, False, target=b"/small/a", method=b"PUT")
        whole = raw.startswith(b"HTTP/1.1 413") and raw.endswith(b"</html>\r\n")
        expect(whole, f"a raw PUT got {raw[-60:]!r}, {ending}")
        done = curl(run, "-H", "Expect:", "-T", path, "-o", "/dev/null", "-w", "%{http_code}",
            url(proxy.port, "/small/a"), expects=None)
        bad += done.returncode != 0 or done.stdout != b"413"
    expect(not bad, f"{bad} of 5 curls got no 413")
