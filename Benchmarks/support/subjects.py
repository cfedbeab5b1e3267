"""What is measured: HAProxy, nginx and three ways to run Pelmeni; and the origin behind them."""

import collections
import http.client
import os
import pathlib
import re
import shutil
import socket
import subprocess

from .processes import Failed

TEMPLATES = pathlib.Path(__file__).resolve().parent.parent / "peers"
ORIGIN_BODY = b"exactly thirty-two bytes of body"
REFUSED = 3  # pelmeni's exit code when the kernel refuses the backend

Running = collections.namedtuple("Running", "child port")

PEERS = ("haproxy", "nginx")
PELMENI = {
    "io_uring": ["--backend", "io_uring"],
    # Debian 12's own kernel, 6.1, cannot bound multishot receives: one-shot there.
    "io_uring-6.1": ["--backend", "io_uring", "--io-uring-without", "6.1"],
    "epoll": ["--backend", "epoll"],
}
TITLES = {
    "haproxy": "HAProxy", "nginx": "nginx stream", "io_uring": "Pelmeni io_uring",
    "io_uring-6.1": "Pelmeni io_uring as on Linux 6.1", "epoll": "Pelmeni epoll",
}
NAMES = (*PEERS, *PELMENI)


class Refused(Failed):
    """The kernel does not grant the backend here: not an error, but not measured."""


class Subjects:
    """Starts what is measured, each with one worker, on ports that were free."""

    def __init__(self, tools, binary, children):
        self.tools = tools
        self.binary = binary
        self.children = children

    def start_origin(self, kind):
        port = free_port()
        if kind == "iperf3":
            command = [self.tools.path("iperf3"), "-s", "-B", "127.0.0.1", "-p", str(port)]
        else:
            command = self._nginx("origin", PORT=port, BODY=ORIGIN_BODY.decode())
        child = self.children.start("origin", command)
        child.wait_listening(port)
        return Running(child, port)

    def start(self, name, origin, scenario):
        if name in PELMENI:
            return self._start_pelmeni(name, origin)
        port = free_port()
        if name == "nginx":
            command = self._nginx("nginx", PORT=port, ORIGIN=origin.port, BUFFER=scenario.peer_buffer)
        else:
            splice = "option splice-auto" if scenario.splice else ""
            path = self._configure("haproxy.cfg", PORT=port, ORIGIN=origin.port, SPLICE=splice,
                                   BUFFER=scenario.peer_buffer)
            command = [self.tools.path("haproxy"), "-db", "-f", path]
        child = self.children.start(name, command)
        child.wait_listening(port)
        return Running(child, port)

    def _start_pelmeni(self, name, origin):
        command = [self.binary, "run", "tcp://127.0.0.1:0", f"tcp://127.0.0.1:{origin.port}",
                   "--workers", "1", *PELMENI[name]]
        child = self.children.start(name, command)
        try:
            child.wait_until(lambda: re.search(r"^ready ", child.output(), re.M))
        except Failed as failure:
            if child.process.poll() == REFUSED:
                raise Refused(str(failure)) from None
            raise
        backend = re.search(r"^ready backend=(\S+)", child.output(), re.M)
        listening = re.search(r"^listening tcp://127\.0\.0\.1:(\d+) ->", child.output(), re.M)
        if not listening or not backend or backend[1] != PELMENI[name][1]:
            raise Failed(f"{name} did not say where it listens, on {PELMENI[name][1]}: {child.output()}")
        return Running(child, int(listening[1]))

    def _nginx(self, name, **values):
        module = self.tools.stream_module()
        load = f"load_module {module};" if module and name == "nginx" else ""
        path = self._configure(f"{name}.conf", LOAD_STREAM=load, FOLDER=self.children.folder, **values)
        return [self.tools.path("nginx"), "-p", f"{self.children.folder}/", "-e", "stderr", "-c", path]

    def _configure(self, template, **values):
        text = (TEMPLATES / template).read_text()
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        left = re.search(r"@[A-Z_]+@", text)
        if left:
            raise Failed(f"{template}: nothing to put for {left[0]}")
        path = self.children.folder / template
        path.write_text(text)
        return str(path)


class Tools:
    """The programs a run needs, looked for where Debian puts them, /usr/sbin included."""

    PACKAGES = {"haproxy": "haproxy", "nginx": "nginx", "wrk": "wrk", "iperf3": "iperf3"}
    VERSIONS = {
        "haproxy": (["-v"], r"version (\d[\w.]*)"), "nginx": (["-v"], r"nginx/(\S+)"),
        "wrk": (["-v"], r"wrk (?:debian/)?(\d[\w.]*)"), "iperf3": (["-v"], r"iperf (\S+)"),
    }

    def path(self, name):
        return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

    def missing(self):
        absent = [f"{name} (Debian's package {package})"
                  for name, package in self.PACKAGES.items() if not self.path(name)]
        if self.path("nginx") and self.stream_module() is None:
            absent.append("nginx's stream module (Debian's package libnginx-mod-stream)")
        return absent

    def stream_module(self):
        """Where the module is; empty when it is built in, None when there is none."""
        built = self._output("nginx", ["-V"])
        if re.search(r"--with-stream(\s|$)", built):
            return ""
        folder = re.search(r"--modules-path=(\S+)", built)
        path = pathlib.Path(folder[1]) / "ngx_stream_module.so" if folder else None
        return str(path) if path and path.exists() else None

    def versions(self):
        found = {}
        for name, (arguments, pattern) in self.VERSIONS.items():
            match = re.search(pattern, self._output(name, arguments))
            found[name] = match[1] if match else "unknown"
        return found

    def _output(self, name, arguments):
        done = subprocess.run([self.path(name), *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check_answer(port):
    """wrk counts answers and never reads one: so one is read here, whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Connection": "close"})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"no answer through the proxy: {error!r}") from None
    finally:
        connection.close()
    if answer.status != 200 or body != ORIGIN_BODY:
        raise Failed(f"a wrong answer came through the proxy: {answer.status}, {body[:60]!r}")
