"""Starts and ends the proxy under test."""

import ctypes
import re
import select
import signal
import subprocess
import tempfile
import threading
import time

LISTENING = re.compile(rb"listening http://127\.0\.0\.1:(\d+)")
START = 10
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def dies_with_parent():
    """In the child: the kernel ends it when the thread that has started it is gone."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Proxy:
    """A process `BINARY run http://127.0.0.1:0?QUERY http://127.0.0.1:PORT --backend BACKEND`."""

    def __init__(self, binary, backend, upstream, extra=(), query=""):
        listen = "http://127.0.0.1:0" + (f"?{query}" if query else "")
        command = [binary, "run", listen, f"http://127.0.0.1:{upstream}", *extra]
        command += ["--backend", backend] if backend else []
        self.errors = tempfile.TemporaryFile()
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=self.errors, preexec_fn=dies_with_parent)
        try:
            self.port = self._await_ready()
        except BaseException:
            self.stop()
            raise
        threading.Thread(target=self._drain, daemon=True).start()

    def alive(self):
        return self.child.poll() is None

    def complaint(self):
        """Why it is gone, with the end of its standard error."""
        self.errors.seek(0)
        tail = self.errors.read()[-400:].decode("utf-8", "replace").strip()
        return f"the proxy ended with {self.child.poll()}: {tail}"

    def stop(self):
        """SIGTERM to this process, and after five seconds SIGKILL."""
        if self.alive():
            self.child.terminate()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
        self.child.wait()

    def _await_ready(self):
        port, text, limit = None, b"", time.monotonic() + START
        while time.monotonic() < limit:
            if not select.select([self.child.stdout], [], [], 0.2)[0]:
                continue
            data = self.child.stdout.read1(4096)
            text += data
            if match := LISTENING.search(text):
                port = int(match[1])
            if port and re.search(rb"^ready.*\n", text, re.M):
                return port
            if not data:
                self.child.wait(START)
                raise RuntimeError(self.complaint())
        raise RuntimeError(f"no listening and ready line in {START} s: {text!r}")

    def _drain(self):
        while self.child.stdout.read1(1 << 16):
            pass
