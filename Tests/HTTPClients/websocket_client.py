"""A client of the websockets library: `websocket_client.py PORT SEED KIND [COUNT]` prints JSON."""

import asyncio
import json
import random
import sys

import websockets

OPTIONS = {"max_size": None, "compression": None, "ping_interval": None, "open_timeout": 30}


def connect(port, **more):
    return websockets.connect(f"ws://127.0.0.1:{port}/ws", **OPTIONS, **more)


async def sizes(port, source):
    """One after the other, and then all at once."""
    lengths = [1, 2, 125, 126, 127, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1, 1 << 24]
    payloads = [source.randbytes(length) for length in lengths]
    wrong = []
    async with connect(port) as peer:
        for payload in payloads:
            await peer.send(payload)
            if await peer.recv() != payload:
                wrong.append(len(payload))

        async def feed():
            for payload in payloads:
                await peer.send(payload)

        feeder = asyncio.create_task(feed())
        for payload in payloads:
            if await peer.recv() != payload:
                wrong.append(-len(payload))
        await feeder
        await peer.send("text \u00e9")
        if await peer.recv() != "text \u00e9":
            wrong.append("text")
    return {"wrong": wrong, "messages": 2 * len(lengths) + 1, "bytes": 2 * sum(lengths)}


async def many(port, source, count):
    peers = []
    for start in range(0, count, 50):
        peers += await asyncio.gather(*[connect(port) for _ in range(start, min(start + 50, count))])
    payloads = [source.randbytes(source.randrange(1, 5000)) for _ in peers]
    source.shuffle(peers)
    for peer, payload in zip(peers, payloads):
        await peer.send(payload)
    right = sum([await peer.recv() == payload for peer, payload in zip(peers, payloads)])
    opened = sum(peer.open for peer in peers)
    await asyncio.gather(*[peer.close() for peer in peers])
    return {"open": opened, "right": right}


async def pings(port, source):
    pongs = 0
    async with connect(port) as peer:
        for size in range(50):
            await asyncio.wait_for(await peer.ping(source.randbytes(size * 2)), 10)
            pongs += 1

        async def parts():
            for index in range(20):
                yield f"part {index} "
                await (await peer.ping())

        await peer.send(parts())
        whole = "".join(f"part {index} " for index in range(20))
        fragments = "right" if await peer.recv() == whole else "wrong"
    return {"pongs": pongs, "fragments": fragments}


async def closes(port, source):
    asked = [[1000, "done"], [1001, ""], [1008, "policy"], [3000, "x" * 100], [4999, "caf\u00e9"]]
    got = []
    for code, reason in asked:
        async with connect(port) as peer:
            await peer.send(f"close {code} {reason}")
            await asyncio.wait_for(peer.wait_closed(), 10)
            got.append([peer.close_code, peer.close_reason])
        async with connect(port) as peer:
            await peer.close(code, reason)
    lost = await connect(port)
    lost.transport.abort()
    await asyncio.sleep(0.3)
    return {"asked": asked, "got": got}


async def handshake(port, source):
    async with connect(port, subprotocols=["other", "echo.example"]) as peer:
        return {"subprotocol": peer.subprotocol}


def main(port, seed, kind, *arguments):
    body = {"sizes": sizes, "many": many, "pings": pings, "closes": closes, "handshake": handshake}[kind]
    told = asyncio.run(body(int(port), random.Random(int(seed)), *map(int, arguments)))
    print(json.dumps(told))


main(*sys.argv[1:])
