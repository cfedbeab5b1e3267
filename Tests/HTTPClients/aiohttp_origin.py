"""The origin of aiohttp: answers with what it was asked, and is the far end of WebSockets."""

import asyncio
import hashlib
import json
import sys

from aiohttp import WSMsgType, web


async def echo(request):
    digest, length = hashlib.sha256(), 0
    async for data in request.content.iter_any():
        digest.update(data)
        length += len(data)
    fields = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.raw_headers]
    view = json.dumps({
        "method": request.method, "target": request.raw_path, "fields": fields,
        "sha256": digest.hexdigest(), "length": length, "trailers": [],
    }).encode()
    want = request.headers.get("X-Want", "")
    if want in ("204", "304"):
        return web.Response(status=int(want), reason="Quite Fine")
    answer = web.StreamResponse(reason="Quite Fine")
    answer.headers.add("X-Twice", "1")
    answer.headers.add("X-Twice", "2, 3")
    answer.headers["X-Empty"] = ""
    if want == "chunked" and request.version >= (1, 1) and request.method != "HEAD":
        answer.enable_chunked_encoding()
    else:
        answer.content_length = len(view)
    if want == "close":
        answer.force_close()
    await answer.prepare(request)
    if request.method != "HEAD":
        for at in range(0, len(view), 100):
            await answer.write(view[at:at + 100])
        await answer.write_eof()
    return answer


async def talk(request):
    """Echoes messages; `close CODE REASON` closes with these, `ping` answers with a ping."""
    peer = web.WebSocketResponse(max_msg_size=0, compress=False, autoping=True,
        protocols=("echo.example",))
    await peer.prepare(request)
    async for message in peer:
        if message.type == WSMsgType.BINARY:
            await peer.send_bytes(message.data)
        elif message.type == WSMsgType.TEXT:
            if message.data.startswith("close "):
                _, code, reason = message.data.split(" ", 2)
                await peer.close(code=int(code), message=reason.encode())
            elif message.data == "code":
                pass
            else:
                await peer.send_str(message.data)
    request.app["codes"].append(peer.close_code)
    return peer


async def codes(request):
    """The close codes that clients have sent, since the last question."""
    found = list(request.app["codes"])
    request.app["codes"].clear()
    return web.json_response(found)


async def main(port):
    app = web.Application(client_max_size=0)
    app["codes"] = []
    app.router.add_get("/ws", talk)
    app.router.add_get("/ws-codes", codes)
    app.router.add_route("*", "/{tail:.*}", echo)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=30, max_line_size=65536,
        max_headers=1000, max_field_size=65536, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
    await asyncio.Event().wait()


asyncio.run(main(int(sys.argv[1])))
