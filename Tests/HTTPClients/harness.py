"""What a check gets: a proxy, origins, a folder, and a way to say that something is wrong."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "HTTPConformance"))

from proxy import Proxy, dies_with_parent  # noqa: E402  (the folder beside this one)

HERE = pathlib.Path(__file__).resolve().parent
# Debian's Python has Debian's aiohttp, websockets and h11.
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
# Debian puts servers where only root's PATH looks.
PATH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin"
START = 15

CHECKS = []


class Skip(Exception):
    """Something that this check needs is not installed."""


class Wrong(Exception):
    """What was seen is not what has to be."""


@dataclass
class Check:
    name: str
    body: object
    needs: tuple
    long: bool
    known: str | None
    limit: float
    alone: bool


def check(name, needs=(), long=False, known=None, limit=60, alone=False):
    """Registers a check. `known` is the reason for which it may fail; `alone` keeps other checks away.

    `needs` names commands, `python:NAME` a module of Debian's Python.
    """
    assert name not in [one.name for one in CHECKS]

    def register(body):
        CHECKS.append(Check(name, body, tuple(needs), long, known, limit, alone))
        return body

    return register


def find(command):
    return shutil.which(command, path=PATH)


def missing(needs):
    """The first need that is not met, or None."""
    for need in needs:
        if need.startswith("python:"):
            module = need.removeprefix("python:")
            if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode:
                return f"Debian's Python has no {module}"
        elif not find(need):
            return f"{need} is not installed"
    return None


def expect(condition, text):
    if not condition:
        raise Wrong(text)


def wait(condition, text, limit=10.0, step=0.002):
    """Waits until `condition()` is true; its value."""
    end = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > end:
            raise Wrong(f"{text}: not within {limit:g} s")
        time.sleep(step)
    return value


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


class Stalls:
    """The longest time for which this process got no processor while it was ready to run."""

    STEP = 0.01

    def __init__(self):
        self.longest = 0.0
        self.ends = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        last = time.monotonic()
        while not self.ends.wait(self.STEP):
            at = time.monotonic()
            self.longest = max(self.longest, at - last - self.STEP)
            last = at


@dataclass
class Run:
    """One run of a check on one backend."""

    binary: str
    backend: str
    long: bool
    seed: int
    extra: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def __enter__(self):
        self.ends = contextlib.ExitStack()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pelmeni-clients-"))
        self.folder.chmod(0o755)  # servers that leave root read it
        self.ends.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.random = random.Random(self.seed)
        self.children = []
        return self

    def __exit__(self, *error):
        self.ends.close()

    def note(self, text):
        self.notes.append(text)

    def deaths(self):
        """The processes that have ended by themselves, with the end of what they wrote."""
        for name, child in self.children:
            if child.poll():
                log = self.folder / f"{name}.log"
                tail = log.read_text("utf-8", "replace")[-200:].strip() if log.exists() else ""
                self.note(f"{name} ended with {child.returncode}: {tail}")

    def proxy(self, upstream, options="", extra=()):
        """A proxy in front of `upstream`, a port or several; options stand in its URL's query."""
        ports = upstream if isinstance(upstream, (list, tuple)) else [upstream]
        place = ",127.0.0.1:".join(str(port) for port in ports)
        place += f"?{options}" if options else ""
        proxy = Proxy(self.binary, self.backend, place, [*extra, *self.extra])
        self.children.append(("the proxy", proxy.child))
        self.ends.callback(proxy.stop)
        return proxy

    def spawn(self, command, **options):
        """A process that ends with this run."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **options}
        name = os.path.basename(str(command[0]))
        log = open(self.folder / f"{name}.log", "ab")
        options.setdefault("stderr", log)
        environment = {**os.environ, "PATH": PATH, **options.pop("env", {})}
        command = [find(str(command[0])) or command[0], *command[1:]]
        child = subprocess.Popen([str(part) for part in command], env=environment,
            preexec_fn=dies_with_parent, **options)
        self.children.append((name, child))
        self.ends.callback(end, child)
        self.ends.callback(log.close)
        return child

    def serve(self, command, port, **options):
        """A server that listens on `port` when this returns."""
        child = self.spawn(command, **options)
        limit = time.monotonic() + START
        while not listens(port):
            if child.poll() is not None or time.monotonic() > limit:
                log = self.folder / f"{os.path.basename(str(command[0]))}.log"
                tail = log.read_text("utf-8", "replace")[-300:].strip()
                raise Wrong(f"{command[0]} does not listen: {tail}")
            time.sleep(0.01)
        return child

    def call(self, command, limit=40, expects=0, **options):
        """A command that has to end well; its standard output. `expects` is None for any code."""
        command = [str(part) for part in command]
        options.setdefault("stdin", subprocess.DEVNULL)
        environment = {**os.environ, "PATH": PATH, **options.pop("env", {})}
        done = subprocess.run(command, capture_output=True, timeout=limit, env=environment,
            preexec_fn=dies_with_parent, **options)
        if expects is None:
            return done
        if done.returncode != expects:
            tail = done.stderr[-300:].decode("utf-8", "replace").strip()
            raise Wrong(f"{' '.join(command)[:160]}: ended with {done.returncode}: {tail}")
        return done.stdout


def end(child):
    """TERM, and KILL after five seconds."""
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()
