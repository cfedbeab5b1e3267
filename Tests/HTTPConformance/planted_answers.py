"""Proxies with one planted fault each in what they do with responses."""

import socket
from contextlib import suppress

import model_wire
from model import Model


class ChangesAnswer(Model):
    def write_answer(self, request, answer, keeps):
        return super().write_answer(request, self.changed(dict(answer)), keeps)

    def changed(self, answer):
        return answer


class ChangesReason(ChangesAnswer):
    def changed(self, answer):
        return {**answer, "reason": b"OK"}


class MergesAnswerTrailers(ChangesAnswer):
    def changed(self, answer):
        return {**answer, "fields": answer["fields"] + answer["trailers"], "trailers": []}


class InventsLength(ChangesAnswer):
    def changed(self, answer):
        bare = answer["how"] == "none" and not model_wire.values(answer["fields"], b"content-length")
        return {**answer, "fields": answer["fields"] + [(b"Content-Length", b"0")]} if bare else answer


class JoinsCookies(ChangesAnswer):
    def changed(self, answer):
        cookies = [value for name, value in answer["fields"] if name == b"Set-Cookie"]
        others = [pair for pair in answer["fields"] if pair[0] != b"Set-Cookie"]
        return {**answer, "fields": [(b"Set-Cookie", b", ".join(cookies)), *others]} if cookies else answer


class SendsInterimTo10(ChangesAnswer):
    def write_answer(self, request, answer, keeps):
        interim = answer["status"] < 200
        return super().write_answer({**request, "minor": 1} if interim else request, answer, keeps)


class DropsInterim(ChangesAnswer):
    def write_answer(self, request, answer, keeps):
        return b"" if answer["status"] in (100, 103) else super().write_answer(request, answer, keeps)


class ChunksTo10(ChangesAnswer):
    def write_answer(self, request, answer, keeps):
        return super().write_answer({**request, "minor": 1}, answer, keeps)


class CompletesTruncated(Model):
    """A body that ends too early becomes a whole one."""

    def read_answers(self, origin, request):
        data = b""
        with suppress(OSError):
            while more := origin.recv(1 << 16):
                data += more
                if data.endswith(b"0\r\n\r\n"):
                    break
        head, _, body = data.partition(b"\r\n\r\n")
        status = int(head[9:12] or b"0")
        return [{"status": status, "reason": b"", "fields": [], "how": "chunked", "body": body, "trailers": []}], b""


class RelaysAnswers(Model):
    """Hands on everything that the origin sends, garbage behind the answer too."""

    def forward(self, client, request, behind):
        fields = [pair for pair in request["fields"] if pair[0].lower() != b"transfer-encoding"]
        with socket.create_connection(("127.0.0.1", self.upstream), 5) as origin:
            origin.sendall(self.write_request(request, fields))
            origin.settimeout(0.2)
            with suppress(OSError):
                while data := origin.recv(1 << 16):
                    client.sendall(data)
        return True


class MindsSplits(Model):
    """Takes what may be refused or taken, but not in the same way for every split."""

    def read_answers(self, origin, request):
        if len(origin.recv(20, socket.MSG_PEEK)) < 20:
            raise model_wire.Bad(502)
        return super().read_answers(origin, request)
