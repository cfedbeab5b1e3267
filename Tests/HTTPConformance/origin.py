"""The recording origin: a thread for each connection, a strict reader, scripted answers."""

import select
import socket
import struct
import threading
import time
from contextlib import suppress

import wire

PROBE = b"/probe"
PATIENCE = 5


def canned(request):
    """The answer that names what was asked."""
    text = request.first + b" " + request.second + b"\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(text)
    return head + (b"" if request.first == b"HEAD" else text)


class Link:
    """One connection from the proxy, and what came on it during the current run."""

    def __init__(self, peer):
        self.peer = peer
        self.raw = bytearray()  # of this run
        self.rest = bytearray()  # read by no request yet
        self.requests = []
        self.fault = None
        self.ended = False
        self.tunnel = None
        self.answered = False  # with the script of this run
        self.sending = False


class Origin:
    """Answers each request with the script of the run, or with a canned 200."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.RLock()
        self.links = []
        self.script = None
        self.owner = None  # of the last run: what Failure says of it
        self.stopping = False
        threading.Thread(target=self._accept, daemon=True).start()

    def begin(self, pieces=None, then="keep", pause=0.001):
        """Starts a run."""
        with self.lock:
            self.links = [link for link in self.links if not link.ended]
            for link in self.links:
                link.raw.clear()
                link.requests.clear()
                link.answered = False
            self.script = pieces and (pieces, then, pause)

    def strays(self):
        """What connections have brought since the last run was judged."""
        self.settle()
        with self.lock:
            return b"".join(bytes(link.raw) for link in self.links)

    def seen(self):
        """The connections that brought anything, or got a scripted answer, since `begin`."""
        self.settle()
        with self.lock:
            return [link for link in self.links if link.raw or link.fault or link.answered]

    def forget(self):
        """Called when a run has been judged: from here on, bytes are strays."""
        with self.lock:
            for link in self.links:
                if link.rest:
                    self._end(link)
                link.raw.clear()
                link.requests.clear()
                link.fault = None

    def settle(self):
        """Waits until nothing is left in the kernel that was sent before this call."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            with self.lock:
                live = [link.peer for link in self.links if not link.ended]
                try:
                    if not select.select([self.listener, *live], [], [], 0)[0]:
                        return
                except (OSError, ValueError):
                    pass
            time.sleep(0.0005)

    def finish(self):
        """Waits until the script of this run has been sent."""
        limit = time.monotonic() + PATIENCE
        while any(link.sending for link in list(self.links)) and time.monotonic() < limit:
            time.sleep(0.0005)

    def ends(self, links):
        """Waits until the proxy has closed these connections."""
        limit = time.monotonic() + PATIENCE
        while not all(link.ended for link in links):
            if time.monotonic() > limit:
                return False
            time.sleep(0.001)
        return True

    def stop(self):
        self.stopping = True
        with self.lock:
            self.listener.close()
            for link in self.links:
                self._end(link)

    def _accept(self):
        while not self.stopping:
            try:
                select.select([self.listener], [], [], 1)
                with self.lock:
                    self.listener.settimeout(0)
                    peer, _ = self.listener.accept()
                    peer.settimeout(PATIENCE)
                    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    link = Link(peer)
                    self.links.append(link)
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        with suppress(OSError, ValueError):
            while not link.ended:
                if not select.select([link.peer], [], [], 1)[0]:
                    continue
                requests = self._receive(link)
                for request in requests:
                    if not self._answer(link, request):
                        break
        with self.lock:
            self._end(link)

    def _receive(self, link):
        """Takes what is there; the requests that are complete with it."""
        with self.lock:
            try:
                data = link.peer.recv(1 << 18)
            except OSError:
                data = b""
            if not data:
                self._end(link)
                return []
            link.raw += data
            if link.tunnel is not None:
                link.tunnel += data
                return []
            link.rest += data
            found = []
            try:
                while link.rest and (read := wire.read_request(link.rest)):
                    found.append(read[0])
                    del link.rest[:read[1]]
            except wire.Malformed as error:
                link.fault = str(error)
                self._end(link)
            link.requests += found
            return found

    def _answer(self, link, request):
        """Sends the answer; whether the connection goes on."""
        with self.lock:
            script = self.script if request.second != PROBE else None
            if script:
                link.answered = link.sending = True
        if not script:
            link.peer.sendall(canned(request))
            return True
        try:
            return self._play(link, *script)
        finally:
            link.sending = False

    def _play(self, link, pieces, then, pause):
        with suppress(OSError):
            for index, piece in enumerate(pieces):
                if index and pause:
                    time.sleep(pause)
                link.peer.sendall(piece)
        if then == "tunnel":
            self._tunnel(link)
        elif then == "reset":
            link.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if then == "keep":
            return True
        with self.lock:
            self._end(link)
        return False

    def _tunnel(self, link):
        """Takes one line of the tunnel, then ends it."""
        with self.lock:
            link.tunnel = bytearray(link.rest)
            link.rest.clear()
        limit = time.monotonic() + PATIENCE
        while not link.ended and b"\n" not in link.tunnel and time.monotonic() < limit:
            if select.select([link.peer], [], [], 0.05)[0]:
                self._receive(link)

    def _end(self, link):
        if not link.ended:
            link.ended = True
            link.peer.close()
