"""The client: sends a case in pieces and reads what comes back."""

import socket
import time

import wire


class Conversation:
    """One connection to the proxy."""

    def __init__(self, port, timeout):
        self.timeout = timeout
        self.peer = socket.create_connection(("127.0.0.1", port), timeout)
        self.peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.raw = bytearray()
        self.ending = "open"

    def send(self, pieces, pause):
        """One send for each piece. A proxy that has refused the message may close meanwhile."""
        for index, piece in enumerate(pieces):
            if index and pause:
                time.sleep(pause)
            try:
                self.peer.sendall(piece)
            except OSError:
                return

    def read(self, enough):
        """Reads until `enough(raw)`, the end of the connection, or the timeout."""
        limit = time.monotonic() + self.timeout
        while self.ending == "open" and not enough(self.raw):
            left = limit - time.monotonic()
            try:
                self.peer.settimeout(max(left, 0.001))
                data = self.peer.recv(1 << 18)
            except TimeoutError:
                self.ending = "timeout"
            except OSError:
                self.ending = "reset"
            else:
                self.raw += data
                self.ending = "open" if data else "fin"

    def close(self):
        self.peer.close()


def complete(methods, accept=lambda _: False):
    """Whether there is an answer to each method, or to the last one that `accept` does not take.

    `accept(status)` true for the last answer means that its end of connection is waited for.
    """

    def enough(raw):
        try:
            answers, _ = wire.read_answers(raw, methods, False)
        except wire.Malformed:
            return True
        return len(answers) == len(methods) and not accept(int(answers[-1][0].first))

    return enough


def pieces_of(data, how):
    """Cuts the bytes: "whole", "bytes", or a place."""
    if how == "whole":
        return [data]
    if how == "bytes":
        return [data[at:at + 1] for at in range(len(data))]
    return [data[:how], data[how:]]


def places(data, most=300, step=7, limit=120):
    """Where to split in two: everywhere in short messages, every seventh place in longer ones.

    Very long ones (the limits) are cut at both ends and at even distances between.
    """
    if len(data) <= most:
        return list(range(1, len(data)))
    every = list(range(1, len(data), step))
    if len(every) <= limit:
        return every
    far = len(every) // (limit // 2)
    return sorted(set(every[:limit // 4] + every[::far] + every[-limit // 4:]))
