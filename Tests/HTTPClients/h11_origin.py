"""The origin of h11: a thread a connection, answers with what it was asked."""

import hashlib
import json
import socket
import sys
import threading
from contextlib import suppress

import h11

LIMIT = 1 << 17


def texts(fields):
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]


def read(peer, state):
    while (event := state.next_event()) is h11.NEED_DATA:
        if state.they_are_waiting_for_100_continue:
            peer.sendall(state.send(h11.InformationalResponse(status_code=100, reason=b"Continue", headers=[])))
        state.receive_data(peer.recv(1 << 16))
    return event


def answer(peer, state, request):
    digest, length, trailers = hashlib.sha256(), 0, []
    while type(event := read(peer, state)) is not h11.EndOfMessage:
        if type(event) is not h11.Data:
            return False
        digest.update(event.data)
        length += len(event.data)
    trailers = texts(event.headers.raw_items())
    view = json.dumps({
        "method": request.method.decode("latin-1"), "target": request.target.decode("latin-1"),
        "fields": texts(request.headers.raw_items()), "sha256": digest.hexdigest(), "length": length,
        "trailers": trailers,
    }).encode()
    want = dict(request.headers).get(b"x-want", b"")
    fields = [(b"X-Twice", b"1"), (b"X-Twice", b"2, 3"), (b"X-Empty", b""), (b"x-SPELLED", b"a  b")]
    status = int(want) if want in (b"204", b"304") else 200
    chunked = want in (b"chunked", b"trailers") and request.http_version == b"1.1"
    if status == 200:
        fields += [(b"Transfer-Encoding", b"chunked")] if chunked else [(b"Content-Length", b"%d" % len(view))]
    if want == b"close":
        fields.append((b"Connection", b"close"))
    out = state.send(h11.Response(status_code=status, reason=b"Quite Fine", headers=fields)) or b""
    if status == 200 and request.method != b"HEAD":
        for at in range(0, len(view), 1000):
            out += state.send(h11.Data(data=view[at:at + 1000]))
    ending = [(b"X-Sum", b"%d" % len(view))] if chunked and want == b"trailers" else []
    out += state.send(h11.EndOfMessage(headers=ending)) or b""
    peer.sendall(out)
    return state.our_state is h11.DONE


def serve(peer):
    with suppress(OSError, h11.RemoteProtocolError), peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        state = h11.Connection(h11.SERVER, max_incomplete_event_size=LIMIT)
        try:
            while type(event := read(peer, state)) is h11.Request:
                if not answer(peer, state, event):
                    break
                state.start_next_cycle()
        except h11.RemoteProtocolError as error:
            text = b"HTTP/1.1 %d Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % error.error_status_hint
            peer.sendall(text)


def main(port):
    with socket.create_server(("127.0.0.1", port), backlog=256) as listener:
        while True:
            peer, _ = listener.accept()
            threading.Thread(target=serve, args=(peer,), daemon=True).start()


main(int(sys.argv[1]))
