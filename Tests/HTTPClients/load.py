"""wrk, ab and h2load: no request fails, and the counts are right."""

import re

import servers
from harness import check, expect


def number(text, pattern):
    found = re.search(pattern, text)
    expect(found, f"no {pattern!r} in {text[-200:]!r}")
    return int(found[1])


@check("load-wrk", ["wrk", "nginx"])
def wrk(run):
    proxy = run.proxy(servers.nginx(run))
    for name, connections in [("small.txt", 100), ("large.bin", 20)]:
        seconds = 10 if run.long else 2
        text = run.call(["wrk", "-t2", f"-c{connections}", f"-d{seconds}s",
            f"http://127.0.0.1:{proxy.port}/files/{name}"], seconds + 20).decode()
        count = number(text, r"(\d+) requests in")
        expect(count > 100, f"only {count} requests for {name}")
        expect("Socket errors" not in text and "Non-2xx" not in text, f"{name}: {text[-300:]!r}")
        run.note(f"{name}: {count} requests")


@check("load-wrk-posts", ["wrk", "node"])
def wrk_posts(run):
    """Pipelines of posts, by a script."""
    proxy = run.proxy(servers.node(run))
    script = run.folder / "post.lua"
    script.write_text("""
        local batch
        init = function()
            local post = { ["Host"] = "a.example", ["Content-Type"] = "text/plain" }
            local one = wrk.format("POST", "/echo", post, string.rep("x", 5000))
            local two = wrk.format("GET", "/echo?b", { ["Host"] = "a.example", ["X-Want"] = "chunked" })
            batch = one .. two .. one
        end
        request = function() return batch end
        response = function(status) if status ~= 200 then io.write("status ", status, "\\n") end end
    """)
    seconds = 10 if run.long else 2
    text = run.call(["wrk", "-t1", "-c20", f"-d{seconds}s", "-s", script,
        f"http://127.0.0.1:{proxy.port}/"], seconds + 20).decode()
    count = number(text, r"(\d+) requests in")
    expect(count > 100, f"only {count} requests")
    expect("Socket errors" not in text and "Non-2xx" not in text, text[-300:])
    expect("status" not in text, text[:200])
    run.note(f"{count} requests")


@check("load-ab", ["ab", "nginx"])
def ab(run):
    """ab speaks HTTP/1.0."""
    proxy = run.proxy(servers.nginx(run))
    place = f"http://127.0.0.1:{proxy.port}/files/small.txt"
    body = run.folder / "post"
    body.write_bytes(b"x" * 3000)
    count = 20_000 if run.long else 3000
    for name, arguments in [("close", []), ("keep", ["-k"]), ("head", ["-i", "-k"])]:
        text = run.call(["ab", "-q", "-l", "-n", count, "-c", 50, *arguments, place]).decode()
        expect(number(text, r"Complete requests:\s+(\d+)") == count, f"{name}: {text[-300:]!r}")
        expect(number(text, r"Failed requests:\s+(\d+)") == 0, f"{name}: {text[-600:]!r}")
        expect("Non-2xx" not in text, f"{name}: {text[-600:]!r}")
        if "-k" in arguments:
            kept = number(text, r"Keep-Alive requests:\s+(\d+)")
            expect(kept == count, f"{name}: {kept} of {count} were kept alive")
        if name != "head":
            total = number(text, r"HTML transferred:\s+(\d+)")
            expect(total == 13 * count, f"{name}: {total} bytes of bodies")
    run.note(f"3 x {count} requests")


@check("load-h2load", ["h2load", "nginx"])
def h2load(run):
    proxy = run.proxy(servers.nginx(run))
    count = 50_000 if run.long else 5000
    for name, clients, size in [("small.txt", 50, 13), ("large.bin", 10, 300_000)]:
        some = count if size < 100 else count // 10
        text = run.call(["h2load", "--h1", "-n", some, "-c", clients, "-t", 1,
            f"http://127.0.0.1:{proxy.port}/files/{name}"]).decode()
        good = number(text, r"(\d+) succeeded")
        bad = [number(text, rf"(\d+) {what}") for what in ("failed", "errored", "timeout")]
        expect((good, bad) == (some, [0, 0, 0]), f"{name}: {text[-500:]!r}")
        expect(number(text, r"status codes: (\d+) 2xx") == some, f"{name}: {text[-500:]!r}")
        run.note(f"{name}: {some} requests")
