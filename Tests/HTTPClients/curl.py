"""curl in front of nginx and node: versions, bodies of all kinds, ranges, compression, gigabytes."""

import hashlib
import json
import os
import shutil
import subprocess
import threading

import servers
from harness import PATH, Skip, Wrong, check, dies_with_parent, expect, find
from stage import Stage

MIB = 1 << 20


def curl(run, *arguments, limit=40, expects=0, **options):
    """What curl prints. A stall of ten seconds ends it."""
    command = ["curl", "-sS", "--max-time", limit, "--speed-limit", 1, "--speed-time", 10, *arguments]
    return run.call(command, limit + 5, expects, **options)


def url(port, path):
    return f"http://127.0.0.1:{port}{path}"


def file_bytes(run, name):
    return (run.folder / "files" / name).read_bytes()


@check("curl-versions", ["curl", "nginx"])
def versions(run):
    proxy = run.proxy(servers.nginx(run))
    large = file_bytes(run, "large.bin")
    for version in ("--http1.0", "--http1.1"):
        expect(curl(run, version, url(proxy.port, "/files/large.bin")) == large, f"{version}: another body")
        head = curl(run, version, "-I", url(proxy.port, "/files/large.bin")).lower()
        expect(b"content-length: 300000" in head, f"{version} -I: {head!r:.200}")
    paths = [url(proxy.port, path) for path in ["/files/small.txt", "/none", "/twice", "/files/empty.txt"] * 25]
    told = curl(run, "-o", "/dev/null", "-w", "%{num_connects} %{http_code}\n", *with_outputs(paths)).split()
    expect(told[1::2] == [b"200", b"204", b"200", b"200"] * 25, f"statuses {told[1::2][:8]}")
    expect(sum(map(int, told[::2])) == 1, f"{sum(map(int, told[::2]))} connections for {len(paths)} requests")


def with_outputs(paths):
    """The first has its `-o` in front."""
    return [part for path in paths for part in ("-o", "/dev/null", path)][2:]


@check("curl-parallel", ["curl", "nginx"])
def parallel(run):
    proxy = run.proxy(servers.nginx(run))
    out, count = run.folder / "out", 200
    config = "".join(f'url = "{url(proxy.port, "/files/large.bin?")}{index}"\noutput = "{out}/{index}"\n'
        for index in range(count))
    out.mkdir()
    (run.folder / "config").write_text(config)
    curl(run, "-Z", "--parallel-max", 50, "-K", run.folder / "config")
    large = file_bytes(run, "large.bin")
    bad = [index for index in range(count) if (out / str(index)).read_bytes() != large]
    expect(not bad, f"{len(bad)} of {count} bodies are wrong, the first is {bad[:1]}")


@check("curl-continue-refused", ["curl"])
def refused(run):
    """The origin does not want the body that waits for 100 Continue; or never says 100."""
    def act(link):
        while head := link.read_head():
            if b"/refused" in head:
                link.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
                continue
            while len(link.rest) < 300_000 and link.take():
                pass
            link.rest.clear()
            link.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes")

    proxy = run.proxy(Stage(run, act).port)
    path = run.folder / "body"
    path.write_bytes(b"x" * 300_000)
    for name, told in (("refused", b"no403 0"), ("silent", b"yes200 300000")):
        for _ in range(3):
            got = curl(run, "-H", "Expect: 100-continue", "--expect100-timeout", "0.3", "-T", path,
                "-w", "%{http_code} %{size_upload}", url(proxy.port, f"/{name}"), expects=None).stdout
            expect(got == told, f"{name}: {got!r}")


def view(data):
    told = json.loads(data)
    return told["method"], told["sha256"], told["length"], dict((name.lower(), value) for name, value in told["fields"])


@check("curl-uploads", ["curl", "node"])
def uploads(run):
    """Length, chunked from standard input, a form, with 100 Continue and without."""
    proxy = run.proxy(servers.node(run))
    data = run.random.randbytes(3 * MIB + 17)
    digest = hashlib.sha256(data).hexdigest()
    path = run.folder / "body"
    path.write_bytes(data)
    place = url(proxy.port, "/echo")
    for expected in ("Expect:", "Expect: 100-continue"):
        for kind, arguments, how in [
            ("length", ["-T", path], "content-length"),
            ("chunked", ["-T", "-"], "transfer-encoding"),
            ("post", ["--data-binary", f"@{path}"], "content-length"),
            ("chunked post", ["-H", "Transfer-Encoding: chunked", "--data-binary", f"@{path}"], "transfer-encoding"),
        ]:
            with open(path, "rb") as source:
                done = curl(run, "-v", "-H", expected, *arguments, place, stdin=source, expects=None)
            expect(done.returncode == 0, f"{kind}: curl ended with {done.returncode}")
            method, got, length, fields = view(done.stdout)
            expect((got, length) == (digest, len(data)), f"{kind}: the origin got {length} bytes, {got}")
            expect(how in fields, f"{kind}: the origin got no {how}")
            waited = b"< HTTP/1.1 100 Continue" in done.stderr
            expect(waited == ("100" in expected), f"{kind}, {expected}: 100 Continue {waited}")
    form = view(curl(run, "-F", f"a=@{path}", "-F", "b=c", place))
    expect(form[2] > len(data) and form[3]["content-type"].startswith("multipart/form-data"), f"form: {form[2]}")
    old = view(curl(run, "--http1.0", "-T", path, place))
    expect(old[1] == digest, f"1.0: the origin got {old[2]} bytes")


@check("curl-ranges", ["curl", "nginx"])
def ranges(run):
    proxy = run.proxy(servers.nginx(run))
    large, place = file_bytes(run, "large.bin"), url(proxy.port, "/files/large.bin")
    for text, part in [("0-0", large[:1]), ("1000-1999", large[1000:2000]), ("-7", large[-7:]),
            ("299999-", large[299999:])]:
        told = curl(run, "-r", text, "-w", "%{http_code}", place)
        expect(told == part + b"206", f"range {text}: {told[-60:]!r}")
    told = curl(run, "-i", "-r", "0-9,100-109", place)
    expect(told.count(b"Content-Range") == 2 and large[100:110] in told, "two ranges are not there")
    told = curl(run, "-r", "300000-", "-o", "/dev/null", "-w", "%{http_code}", place)
    expect(told == b"416", f"behind the end: {told!r}")
    path = run.folder / "half"
    path.write_bytes(large[:123_456])
    curl(run, "-C", "-", "-o", path, place)
    expect(path.read_bytes() == large, "-C -: another file")


@check("curl-compressed", ["curl", "nginx"])
def compressed(run):
    proxy = run.proxy(servers.nginx(run))
    place = url(proxy.port, "/files/page.html")
    expect(curl(run, "--compressed", place) == file_bytes(run, "page.html"), "another page")
    head = curl(run, "--compressed", "-o", "/dev/null", "-D", "-", place)
    expect(b"Content-Encoding: gzip" in head and b"Transfer-Encoding: chunked" in head, f"{head!r:.300}")
    packed = curl(run, "--http1.0", "-H", "Accept-Encoding: gzip", place)
    expect(packed[:2] == b"\x1f\x8b", f"to 1.0: {packed[:20]!r}")


def blocks(count, seed):
    """MiB after MiB, no two alike, and cheap to make."""
    base = hashlib.sha256(b"%d" % seed).digest() * (MIB // 32)
    for index in range(count):
        yield index.to_bytes(16) + base[16:]


def write_blocks(path, count, seed):
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for block in blocks(count, seed):
            file.write(block)
            digest.update(block)
    return digest.hexdigest()


def digest_of(run, command):
    """The sha256 of what a command prints, and how many bytes."""
    digest, count = hashlib.sha256(), 0
    environment = {**os.environ, "PATH": PATH}
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, env=environment,
            preexec_fn=dies_with_parent) as child:
        while data := child.stdout.read1(MIB):
            digest.update(data)
            count += len(data)
    if child.returncode:
        raise Wrong(f"curl ended with {child.returncode} after {count} bytes")
    return digest.hexdigest()


def move(run, mebibytes):
    """Stores a file with nginx by length, then from standard input, and fetches it twice."""
    if shutil.disk_usage(run.folder).free < mebibytes * 4 * MIB:
        raise Skip(f"less than {mebibytes * 4} MiB are free in {run.folder.parent}")
    proxy = run.proxy(servers.nginx(run))
    path, place = run.folder / "body", url(proxy.port, "/put/body")
    digest = write_blocks(path, mebibytes, run.seed)
    limit = 40 + mebibytes // 20
    for kind, arguments in [("length", ["-T", path]), ("chunked", ["-T", "-"])]:
        stored = run.folder / "put" / "body"
        stored.unlink(missing_ok=True)
        with open(path, "rb") as source:
            code = curl(run, "-H", "Expect:", "-w", "%{http_code}", *arguments, place, limit=limit, stdin=source)
        expect(code == b"201", f"upload, {kind}: {code!r}")
        with open(stored, "rb") as file:
            got = hashlib.file_digest(file, "sha256").hexdigest()
        expect(got == digest, f"upload, {kind}: another sha256")
        expect(digest_of(run, [find("curl"), "-sS", "--max-time", limit, place]) == digest, "download: another sha256")
    run.note(f"{mebibytes} MiB four times")


@check("curl-bulk", ["curl", "nginx"])
def bulk(run):
    move(run, 75)


@check("curl-bulk-5g", ["curl", "nginx"], long=True, limit=900, alone=True)
def bulk_long(run):
    move(run, 5120)


@check("curl-bulk-chunked", ["curl", "node"])
def bulk_chunked(run):
    """Chunked both ways at once: what goes up comes down, and node echoes as it reads."""
    count = 1024 if run.long else 60
    port = servers.node(run)
    proxy = run.proxy(port)
    command = [find("curl"), "-sS", "--max-time", "60", "-N", "-H", "Expect:", "-H", "X-Want: mirror", "-T", "-",
        url(proxy.port, "/mirror")]
    digest, sent = hashlib.sha256(), hashlib.sha256()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=dies_with_parent) as child:
        def feed():
            for block in blocks(count, run.seed):
                child.stdin.write(block)
                sent.update(block)
            child.stdin.close()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        while data := child.stdout.read1(MIB):
            digest.update(data)
        feeder.join(10)
    expect(child.returncode == 0, f"curl ended with {child.returncode}")
    expect(digest.digest() == sent.digest(), "another sha256 came back")
    run.note(f"{count} MiB mirrored")
