"""The processes of a run: started here, watched here, ended here by their pids."""

import ctypes
import os
import pathlib
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
LISTEN_STATE = "0A"
LIBC = ctypes.CDLL(None, use_errno=True)


class Failed(Exception):
    """What went wrong, in words for the person who runs this."""


def _die_with_parent():
    # Even a run ended by SIGKILL leaves nothing behind. TERM, and not KILL: nginx's
    # master passes it on to its worker, which would otherwise live on.
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """One process that was started here, with the workers it forked."""

    def __init__(self, name, command, folder):
        self.name = name
        self.log = folder / f"{name}.log"
        with open(self.log, "wb") as log:
            # A session of its own: Ctrl-C reaches this program, which then ends its children in order.
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_die_with_parent)
        self.pids = [self.process.pid]
        self.pids_when_ready = self.pids

    def output(self):
        return self.log.read_text(errors="replace")

    def ended(self):
        """Why it is of no more use, or None while it runs."""
        status = self.process.poll()
        if status is None:
            return None
        last = self.output().strip().splitlines()[-3:]
        return f"{self.name} ended with status {status}: {' / '.join(last) or 'no output'}"

    def broken(self):
        """Why what was counted of it means nothing, or None."""
        replaced = not self.ended() and self.adopt_workers() != self.pids_when_ready
        return f"{self.name}: a worker ended" if replaced else self.ended()

    def adopt_workers(self):
        """Finds the processes it forked."""
        self.pids = _with_descendants(self.process.pid)
        return self.pids

    def cpu_ns(self):
        """CPU time of all its threads, ended ones too, in nanoseconds."""
        return sum(_process_cpu_ns(pid) for pid in self.pids)

    def wait_until(self, ready, seconds=10):
        limit = time.monotonic() + seconds
        while not ready():
            if self.ended():
                raise Failed(self.ended())
            if time.monotonic() > limit:
                raise Failed(f"{self.name} is not ready after {seconds} s: {self.output()[-300:]}")
            time.sleep(0.02)
        self.pids_when_ready = self.adopt_workers()

    def wait_listening(self, port):
        """Looks at the kernel's table: a probe that connects would be traffic, which a
        proxy passes on and which iperf3 counts as a bad client."""
        self.wait_until(lambda: self._listens_on(port))

    def _listens_on(self, port):
        inodes = _listening_inodes(port)
        return any(inodes & _sockets_of(pid) for pid in self.adopt_workers())

    def stop(self, seconds=5):
        """TERM, then KILL. Returns its exit status, or None when it had to be killed."""
        status = self.process.poll()
        if status is not None:
            return status
        self.adopt_workers()
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        # The parent first, or it would fork the workers anew.
        for pid in self.pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        return None


class Children:
    """All of a run's processes, so that every way out of it ends them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = []

    def start(self, name, command):
        child = Child(name, command, self.folder)
        self.running.append(child)
        return child

    def finish(self, child, seconds):
        """Waits for a program that ends by itself; returns its status and its output."""
        try:
            status = child.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"{child.name} still runs after {seconds} s") from None
        finally:
            self.stop(child)
        return status, child.output()

    def stop(self, child):
        status = child.stop()
        self.running.remove(child)
        return status

    def stop_all(self):
        for child in reversed(self.running[:]):
            self.stop(child)


def _process_cpu_ns(pid):
    # Linux's clock of another process, as clock_getcpuclockid(3) spells it. It is the sum
    # of what /proc/PID/task/*/schedstat shows, without losing threads that have ended.
    try:
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError as error:
        raise Failed(f"process {pid} has gone: {error}") from None


def _with_descendants(root):
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                # The name may hold spaces and brackets; the fields begin after its end.
                fields = pathlib.Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                parents[int(entry)] = int(fields[1])
            except (OSError, IndexError):
                continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _listening_inodes(port):
    inodes = set()
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == LISTEN_STATE and int(fields[1].rpartition(":")[2], 16) == port:
            inodes.add(fields[9])
    return inodes


def _sockets_of(pid):
    sockets = set()
    try:
        for descriptor in os.scandir(f"/proc/{pid}/fd"):
            target = os.readlink(descriptor.path)
            if target.startswith("socket:["):
                sockets.add(target[len("socket:["):-1])
    except OSError:
        pass
    return sockets
