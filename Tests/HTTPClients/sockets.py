"""WebSockets by the websockets library, through the proxy to aiohttp's."""

import servers
import json
from harness import HERE, PYTHON, check, expect
from talk import get


def talk(run, kind, *arguments, limit=40):
    """Runs websocket_client.py; its answer."""
    run.origin = servers.aiohttp(run)
    run.front = run.proxy(run.origin)
    command = [PYTHON, HERE / "websocket_client.py", run.front.port, run.seed, kind, *arguments]
    return json.loads(run.call(command, limit))


@check("websocket-sizes", ["python:aiohttp", "python:websockets"])
def sizes(run):
    """Messages of 1 B to 16 MiB come back whole; several are on their way at once."""
    told = talk(run, "sizes")
    expect(not told["wrong"], f"wrong: {told['wrong']}")
    run.note(f"{told['messages']} messages, {told['bytes'] >> 20} MiB")


@check("websocket-many", ["python:aiohttp", "python:websockets"], limit=120)
def many(run):
    """Sockets that are all open at once, and each has its own echo."""
    count = 1000 if run.long else 200
    told = talk(run, "many", count, limit=100)
    expect((told["open"], told["right"]) == (count, count), f"{told}")
    run.note(f"{count} at once")


@check("websocket-pings", ["python:aiohttp", "python:websockets"])
def pings(run):
    """Pings with payloads, in the middle of a fragmented message as well."""
    told = talk(run, "pings")
    expect(told["pongs"] == 50 and told["fragments"] == "right", f"{told}")


@check("websocket-closes", ["python:aiohttp", "python:websockets"])
def closes(run):
    """Close codes arrive in both directions, and a lost client as 1006."""
    told = talk(run, "closes")
    expect(told["got"] == told["asked"], f"the client asked for {told['asked']} and got {told['got']}")
    answer = get(run.origin, b"/ws-codes")
    codes = json.loads(answer.body)
    for code in (1000, 1001, 3000, 4999):
        expect(code in codes, f"{code} did not come to the origin: {codes}")
    expect(1006 in codes, f"the lost client did not come to the origin: {codes}")


@check("websocket-handshake", ["python:aiohttp", "python:websockets"])
def handshake(run):
    """A subprotocol is agreed on; a plain request to the same place is refused by the origin."""
    told = talk(run, "handshake")
    expect(told["subprotocol"] == "echo.example", f"{told}")
    answer = get(run.front.port, b"/ws")
    expect(answer.first == b"400", f"a plain request got {answer.first.decode()}")
