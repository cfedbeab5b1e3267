"""A scripted origin: each connection is played by a function of the check, in a thread."""

import select
import socket
import struct
import threading
import time
from contextlib import suppress

PATIENCE = 20


class Link:
    """A connection from the proxy."""

    def __init__(self, peer, number):
        self.peer = peer
        self.number = number
        self.rest = bytearray()
        self.head = b""
        self.ended_at = None  # when the proxy was seen to end it

    def read_head(self):
        """The next head, or None at the end of the connection."""
        while (end := self.rest.find(b"\r\n\r\n")) < 0:
            if not self.take():
                return None
        self.head = bytes(self.rest[:end + 4])
        del self.rest[:end + 4]
        return self.head

    def read_request(self):
        """The next head; the body behind it is dropped, a chunked one up to `0` on a line."""
        if not (head := self.read_head()):
            return None
        length = 0
        if b"transfer-encoding: chunked" in head.lower():
            while (end := self.rest.find(b"0\r\n\r\n")) < 0:
                if not self.take():
                    return None
            length = end + 5
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        while len(self.rest) < length:
            if not self.take():
                return None
        del self.rest[:length]
        return head

    def take(self, most=1 << 18):
        """More bytes into `rest`; false at the end."""
        try:
            data = self.peer.recv(most)
        except OSError:
            data = b""
        self.rest += data
        if not data:
            self.ended_at = time.monotonic()
        return bool(data)

    def drop(self):
        """Reads up to the end of the connection."""
        while self.take():
            self.rest.clear()

    def send(self, data):
        with suppress(OSError):
            self.peer.sendall(data)
            return True
        self.ended_at = self.ended_at or time.monotonic()
        return False

    def send_endlessly(self, block=b"x" * 65536):
        while self.send(block):
            pass

    def reset(self):
        self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.peer.close()

    def wait_end(self):
        """Until the proxy has ended the connection, without reading."""
        poller = select.poll()
        poller.register(self.peer, select.POLLRDHUP)
        poller.poll(PATIENCE * 1000)
        self.ended_at = time.monotonic()


class Stage:
    """Listens, and plays `act(link)` for each connection, which it closes behind that."""

    def __init__(self, run, act, receive_buffer=None):
        self.act = act
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.port = self.listener.getsockname()[1]
        self.links = []
        self.fault = None
        run.ends.callback(self.listener.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                peer.settimeout(PATIENCE)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                link = Link(peer, len(self.links))
                self.links.append(link)
                threading.Thread(target=self._play, args=(link,), daemon=True).start()

    def _play(self, link):
        try:
            self.act(link)
        except OSError:
            link.ended_at = link.ended_at or time.monotonic()
        except Exception as error:  # the check looks at it
            self.fault = error
        finally:
            link.peer.close()


def connect(port, limit=10, receive_buffer=None):
    """A client's socket."""
    peer = socket.socket()
    if receive_buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    peer.settimeout(limit)
    peer.connect(("127.0.0.1", port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def drain(peer, limit=10):
    """All bytes up to the end, and how it came: "fin", "reset" or "timeout"."""
    peer.settimeout(limit)
    raw = bytearray()
    while True:
        try:
            data = peer.recv(1 << 18)
        except TimeoutError:
            return bytes(raw), "timeout"
        except OSError:
            return bytes(raw), "reset"
        if not data:
            return bytes(raw), "fin"
        raw += data
