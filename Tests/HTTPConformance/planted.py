"""Proxies with one planted fault each. The suite has to object to every one of them."""

import re
import socket
import threading
import time
from contextlib import suppress

import model_wire
from model import Model


class PassThrough(Model):
    """Relays bytes and reads nothing."""

    def _serve(self, client):
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self.upstream), 5) as origin:
            back = threading.Thread(target=self.pump, args=(origin, client), daemon=True)
            back.start()
            self.pump(client, origin)
            back.join()

    def pump(self, source, sink):
        with suppress(OSError):
            while data := source.recv(1 << 16):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class Silent(Model):
    """Takes requests and never answers."""

    def forward(self, client, request, behind):
        time.sleep(3)
        return False


class RewritesInput(Model):
    """Cleans what clients send, as lenient parsers do, before the model reads it."""

    rules = ()

    def _one(self, client, data):
        return super()._one(_Cleaned(client, self.rules), data)


class _Cleaned:
    """A socket whose received bytes are changed."""

    def __init__(self, peer, rules):
        self.peer, self.rules = peer, rules

    def recv(self, size):
        data = self.peer.recv(size)
        for pattern, text in self.rules:
            data = re.sub(pattern, text, data)
        return data

    def __getattr__(self, name):
        return getattr(self.peer, name)


class TakesBareLF(RewritesInput):
    rules = ((rb"(?<!\r)\n", b"\r\n"),)


class TakesBareCR(RewritesInput):
    rules = ((rb"\r(?=[^\n])", b" "),)


class TakesSpaceBeforeColon(RewritesInput):
    rules = ((rb"(?m)^([A-Za-z-]+)[ \t]+:", rb"\1:"),)


class JoinsFolds(RewritesInput):
    rules = ((rb"\r\n[ \t]+", b" "),)


class PrefersChunked(RewritesInput):
    rules = ((rb"(?is)(\r\n)content-length:[^\r]*\r\n(?=.*transfer-encoding: chunked)", rb"\1"),
        (rb"(?i)(transfer-encoding: chunked\r\n)content-length:[^\r]*\r\n", rb"\1"))


class FirstLengthWins(RewritesInput):
    rules = ((rb"(?i)(content-length:[^\r]*\r\n)(content-length:[^\r]*\r\n)+", rb"\1"),)


class FirstHostWins(RewritesInput):
    rules = ((rb"(?i)(host:[^\r]*\r\n)(host:[^\r]*\r\n)+", rb"\1"),)


class DropsNul(RewritesInput):
    rules = ((rb"\0", b""),)


class LosesSplitLineEnd(RewritesInput):
    """Right for whole messages; a line end that comes in two reads loses its LF."""

    rules = ((rb"\A\n", b""),)


class KeepsOpen(Model):
    """Refuses, and reads on behind the refused message."""

    def _serve(self, client):
        with client, suppress(OSError):
            while True:
                data = bytearray()
                while self._one(client, data):
                    pass


class ReadsBehindRefusal(Model):
    """Refuses, then takes what looks like the next request."""

    def _one(self, client, data):
        if super()._one(client, data):
            return True
        at = data.find(b"GET /smuggled")
        if at > 0:
            del data[:at]
            return True
        return False


class ChangesRequest(Model):
    def write_request(self, request, fields):
        return super().write_request(*self.changed(dict(request), list(fields)))

    def changed(self, request, fields):
        return request, fields


class MergesTrailers(ChangesRequest):
    def changed(self, request, fields):
        fields, request["trailers"] = fields + request["trailers"], []
        return request, fields


class DecodesTarget(ChangesRequest):
    def changed(self, request, fields):
        request["target"] = re.sub(rb"(?i)%2e", b".", request["target"])
        return request, fields


class MergesSlashes(ChangesRequest):
    def changed(self, request, fields):
        request["target"] = re.sub(rb"/+", b"/", request["target"])
        return request, fields


class LowersNames(ChangesRequest):
    def changed(self, request, fields):
        return request, [(name.lower(), value) for name, value in fields]


class SortsFields(ChangesRequest):
    def changed(self, request, fields):
        return request, sorted(fields)


class DropsEmptyFields(ChangesRequest):
    def changed(self, request, fields):
        return request, [pair for pair in fields if pair[1]]


class SpacesBeforeColon(ChangesRequest):
    def changed(self, request, fields):
        return request, [(name + b" ", value) for name, value in fields]


class FoldsLongValues(ChangesRequest):
    def changed(self, request, fields):
        return request, [(name, value.replace(b"   ", b"\r\n ")) for name, value in fields]


class KeepsSpoofed(ChangesRequest):
    def changed(self, request, fields):
        return request, fields + [pair for pair in request["fields"] if pair[0].lower().startswith(b"x-forwarded")]


class TrustsNobody(Model):
    def trusts(self):
        return False


class KeepsHopFields(ChangesRequest):
    def changed(self, request, fields):
        return request, fields + [pair for pair in request["fields"] if pair[0].lower() in (b"x-hop", b"upgrade")]


class AddsLength(ChangesRequest):
    def changed(self, request, fields):
        framed = request["chunked"] or model_wire.values(fields, b"content-length")
        return request, fields if framed else fields + [(b"Content-Length", b"0")]


class WritesExtensions(Model):
    def write_request(self, request, fields):
        return super().write_request(request, fields).replace(b"5\r\nhello", b"5;a=b\r\nhello")


class WritesBareLF(Model):
    def write_request(self, request, fields):
        return super().write_request(request, fields).replace(b"\r\nVia", b"\nVia")


class LosesBytes(Model):
    def write_request(self, request, fields):
        return super().write_request({**request, "body": request["body"].replace(b"\r\n", b"\n")}, fields)


class SmugglesBody(Model):
    """Sends what the body holds once more, behind the message: a request that nobody has sent."""

    def write_request(self, request, fields):
        behind = request["body"] if request["body"].startswith(b"GET ") else b""
        return super().write_request(request, fields) + behind


class StreamsThenAborts(Model):
    """Sends a head and part of a body on before it finds the fault, and ends that connection: allowed."""

    part = b"POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
    keep = False

    def refuse(self, client, status, close, method=b""):
        origin = socket.create_connection(("127.0.0.1", self.upstream), 5)
        origin.sendall(self.part)
        if self.keep:
            self.kept = origin
        else:
            origin.close()
        super().refuse(client, status, close, method)


class LeavesUnfinished(StreamsThenAborts):
    keep = True


class FinishesAborted(StreamsThenAborts):
    part = StreamsThenAborts.part + b"lo\r\n0\r\n\r\n"
