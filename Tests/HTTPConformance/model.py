#!/usr/bin/env python3
"""A model of the proxy, in Python: it shows that the cases do not contradict one another.

    check.py ./model.py --backend epoll

It holds each message whole before it goes on, and opens a connection to the origin for each
request. It is slow and no example of a proxy; it is here so that the suite can be run against
something that should pass.
"""

import signal
import socket
import sys
import threading
from contextlib import suppress

import model_wire
from model_wire import Bad, values

HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade", b"http2-settings", b"transfer-encoding"}
KEPT = {b"host", b"content-length", b"via"}
REPLACED = {b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"}
PATIENCE = 5


def options(fields):
    return {word.strip(b" \t").lower() for value in values(fields, b"connection") for word in value.split(b",")}


def end_to_end(fields, upgrade=False):
    named = options(fields) - KEPT
    return [pair for pair in fields if (low := pair[0].lower()) not in HOP and low not in named
        or upgrade and low == b"upgrade"]


def lines(pairs):
    return b"".join(name + b": " + value + b"\r\n" for name, value in pairs)


def chunked(body, trailers):
    data = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
    return data + b"0\r\n" + lines(trailers) + b"\r\n"


class Model:
    """Listens on a port of its own; `stop` closes it."""

    def __init__(self, upstream, query=""):
        self.upstream = upstream
        self.query = query
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def alive(self):
        return True

    def stop(self):
        self.listener.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                client.settimeout(PATIENCE)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, suppress(OSError):
            data = bytearray()
            while self._one(client, data):
                pass
            client.shutdown(socket.SHUT_WR)
            while client.recv(1 << 16):
                pass

    def _one(self, client, data):
        """One request and its answer; whether the connection goes on."""
        while True:
            try:
                taken = data and model_wire.take_request(data)
            except Bad as bad:
                self.refuse(client, bad.status, True)
                return False
            if taken:
                break
            more = client.recv(1 << 16)
            if not more:
                return False
            data += more
        request, end = taken
        del data[:end]
        return self.forward(client, request, data)

    def refuse(self, client, status, close, method=b""):
        end = b"Connection: close\r\n" if close else b""
        body = b"" if method == b"HEAD" else b"no\n"
        client.sendall(b"HTTP/1.1 %d No\r\n%sContent-Length: 3\r\n\r\n%s" % (status, end, body))

    def forward(self, client, request, behind):
        fields = request["fields"]
        asked = options(fields)
        keeps = b"close" not in asked and (request["minor"] > 0 or b"keep-alive" in asked)
        hops = values(fields, b"max-forwards")
        if hops and request["method"] in (b"OPTIONS", b"TRACE"):
            if int(hops[0]) == 0:
                self.refuse(client, 200 if request["method"] == b"OPTIONS" else 405, not keeps)
                return keeps
            fields = [(n, b"%d" % (int(v) - 1) if n.lower() == b"max-forwards" else v) for n, v in fields]
        upgrade = request["minor"] > 0 and b"upgrade" in asked and values(fields, b"upgrade") == [b"websocket"]
        sent = [pair for pair in end_to_end(fields, upgrade) if pair[0].lower() not in REPLACED]
        sent += self.told(request)
        if not values(fields, b"host"):
            sent.insert(0, (b"Host", request["host"] or b"127.0.0.1:%d" % self.upstream))
        sent += [(b"Connection", b"Upgrade")] if upgrade else []
        message = self.write_request(request, sent)
        with socket.create_connection(("127.0.0.1", self.upstream), PATIENCE) as origin:
            origin.sendall(message)
            try:
                answers, rest = self.read_answers(origin, request)
            except Bad:
                self.refuse(client, 502, not keeps, request["method"])
                return keeps
            final = answers[-1]
            if final["status"] == 101:
                if not upgrade or values(final["fields"], b"upgrade") != [b"websocket"]:
                    self.refuse(client, 502, not keeps, request["method"])
                    return keeps
            keeps = keeps and not (request["minor"] == 0 and final["how"] in ("close", "chunked"))
            client.sendall(b"".join(self.write_answer(request, one, keeps) for one in answers))
            if final["status"] == 101:
                self.tunnel(client, origin, bytes(behind), rest)
                return False
        return keeps

    def trusts(self):
        return "trust=127.0.0.0/8" in self.query

    def told(self, request):
        """The fields that say who the proxy and its clients are."""
        words = [part[8:] for part in self.query.split("&") if part.startswith("forward=")]
        says = words[0].split(",") if words else ["via", "x-forwarded"]
        came = [pair for pair in request["fields"] if pair[0].lower() in REPLACED] if self.trusts() else []
        sent = [(b"Via", b"1.1 model")] if "via" in says else []
        for says_it, name, own, appends in (
            ("x-forwarded", b"X-Forwarded-For", b"127.0.0.1", True),
            ("x-forwarded", b"X-Forwarded-Proto", b"http", False),
            ("x-forwarded", b"X-Forwarded-Host", (values(request["fields"], b"host") or [None])[0], False),
            ("forwarded", b"Forwarded", b"for=127.0.0.1;proto=http", True),
        ):
            theirs = [value for low, value in came if low.lower() == name.lower()]
            if says_it in says and appends:
                sent.append((name, b", ".join([value for value in theirs if value] + [own])))
            elif theirs:
                sent += [(name, value) for value in theirs]
            elif says_it in says and own:
                sent.append((name, own))
        return sent

    def write_request(self, request, fields):
        first = request["method"] + b" " + request["target"] + b" HTTP/1.1\r\n"
        if request["chunked"]:
            fields = fields + [(b"Transfer-Encoding", b"chunked")]
        body = chunked(request["body"], request["trailers"]) if request["chunked"] else request["body"]
        return first + lines(fields) + b"\r\n" + body

    def read_answers(self, origin, request):
        """The interim answers and the final one, and what came behind it."""
        data, answers, ended = bytearray(), [], False
        while True:
            while taken := data and model_wire.take_response(data, request["method"], ended):
                answer, end = taken
                del data[:end]
                answers.append(answer)
                if answer["status"] >= 200 or answer["status"] == 101:
                    return answers, bytes(data)
            if ended:
                raise Bad(502)
            try:
                more = origin.recv(1 << 16)
            except OSError as error:
                raise Bad(502) from error
            data += more
            ended = not more

    def write_answer(self, request, answer, keeps):
        status = answer["status"]
        if status < 200 and status != 101 and request["minor"] == 0:
            return b""
        fields = end_to_end(answer["fields"], status == 101) + [(b"Via", b"1.1 model")]
        body = answer["body"]
        if answer["how"] in ("chunked", "close") and request["minor"]:
            wanted = b"trailers" in values(request["fields"], b"te")
            body = chunked(body, answer["trailers"] if wanted else [])
            fields.append((b"Transfer-Encoding", b"chunked"))
        if status == 101:
            fields.append((b"Connection", b"Upgrade"))
        elif status >= 200 and (not keeps or request["minor"] == 0):
            fields.append((b"Connection", b"keep-alive" if keeps else b"close"))
        return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, answer["reason"], lines(fields), body)

    def tunnel(self, client, origin, to_origin, to_client):
        client.sendall(to_client)
        origin.sendall(to_origin)
        origin.settimeout(PATIENCE)

        def up():
            with suppress(OSError):
                while data := client.recv(1 << 16):
                    origin.sendall(data)

        threading.Thread(target=up, daemon=True).start()
        with suppress(OSError):
            while data := origin.recv(1 << 16):
                client.sendall(data)


def main(arguments):
    """Speaks the command's own lines, so that check.py can start it."""
    model = Model(int(arguments[2].rsplit(":", 1)[1]), arguments[1].partition("?")[2])
    print(f"listening http://127.0.0.1:{model.port} -> {arguments[2]}\nready backend=model workers=1", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    return 0


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    sys.exit(main(sys.argv[1:]))
