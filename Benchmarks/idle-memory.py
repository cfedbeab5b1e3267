#!/usr/bin/env python3
"""What one more idle client costs `pelmeni run`, by the slope of its memory.

    Benchmarks/idle-memory.py BINARY [--backend io_uring|epoll] [--scheme http|tcp] [--clients 2000,9000]
                              [--maps]

Starts an origin of HTTP (nginx) and the proxy before it, opens so many clients, each of which makes
one request (256 at once), and reads the proxy's private memory in /proc/PID/smaps_rollup when all are
idle. The slope between two numbers of clients leaves out what the first requests cost once; the
second figure, the growth from the start, has it. `--maps` prints which mappings grew.
"""

import argparse
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

ORIGIN = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
    access_log off; keepalive_timeout 10m; keepalive_requests 1000000000;
    client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
    scgi_temp_path {folder}/s; uwsgi_temp_path {folder}/u;
    server {{ listen 127.0.0.1:{port} backlog=4096;
              location / {{ return 200 "{body}"; }} }}
}}
"""
REQUEST = b"GET /64/0123456789abcdef HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
BODY = "x" * 64


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("the origin does not listen")


def private_kib(pid):
    total = 0
    with open(f"/proc/{pid}/smaps_rollup") as lines:
        for line in lines:
            if line.startswith(("Rss:",)):
                total += int(line.split()[1])
    return total


def maps(pid):
    """Resident KiB of each mapping, by address and name."""
    found, key = {}, None
    with open(f"/proc/{pid}/smaps") as lines:
        for line in lines:
            parts = line.split()
            if "-" in parts[0] and not parts[0].endswith(":"):
                low, high = (int(part, 16) for part in parts[0].split("-"))
                name = " ".join(parts[5:]) or "anonymous"
                key = (low, f"{name} {parts[1]} {(high - low) // 1024} KiB")
            elif parts[0] == "Rss:":
                found[key] = int(parts[1])
    return found


def open_clients(port, clients, count, at_once):
    """Opens clients until there are so many; each has its response when this returns."""
    poller = select.epoll()
    waiting = {}
    while len(clients) < count or waiting:
        while len(clients) < count and len(waiting) < at_once:
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(REQUEST)
            clients.append(client)
            waiting[client.fileno()] = (client, bytearray())
            poller.register(client.fileno(), select.EPOLLIN)
        for number, _ in poller.poll(5):
            client, got = waiting[number]
            bytes_read = client.recv(4096)
            if not bytes_read:
                sys.exit("a client was closed")
            got += bytes_read
            if got.endswith(BODY.encode()):
                poller.unregister(number)
                del waiting[number]
    poller.close()


def settled(pid):
    last = -1
    for _ in range(50):
        time.sleep(0.4)
        now = private_kib(pid)
        if now == last:
            return now
        last = now
    return last


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--backend", default="io_uring")
    parser.add_argument("--scheme", default="http")
    parser.add_argument("--clients", default="2000,9000")
    parser.add_argument("--at-once", type=int, default=256)
    parser.add_argument("--maps", action="store_true")
    options = parser.parse_args()
    counts = [int(part) for part in options.clients.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        settings = os.path.join(folder, "nginx.conf")
        with open(settings, "w") as file:
            file.write(ORIGIN.format(folder=folder, port=port, body=BODY))
        children = [subprocess.Popen(["nginx", "-p", folder, "-c", settings])]
        try:
            wait_for_port(port)
            command = [options.binary, "run", f"{options.scheme}://127.0.0.1:0",
                       f"{options.scheme}://127.0.0.1:{port}", "--backend", options.backend,
                       "--workers", "1", "--log-level", "error"]
            proxy = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            children.append(proxy)
            listening = proxy.stdout.readline().split()[1]
            proxy.stdout.readline()
            measure(proxy.pid, int(listening.rsplit(":", 1)[1]), counts, options)
        finally:
            for child in reversed(children):
                child.send_signal(signal.SIGKILL if child is not children[0] else signal.SIGTERM)
                child.wait()


def measure(pid, port, counts, options):
    clients, points = [], []
    begin = settled(pid)
    before = maps(pid)
    for count in counts:
        open_clients(port, clients, count, options.at_once)
        points.append((count, settled(pid)))
        if options.maps:
            after = maps(pid)
            print(f"{count} clients, {points[-1][1]} KiB; grown since the last point:")
            for key, size in sorted(after.items()):
                if size != before.get(key, 0):
                    print(f"  {size - before.get(key, 0):7} KiB  {key[0]:x} {key[1]}")
            before = after
    (few, small), (many, large) = points[0], points[-1]
    slope = (large - small) * 1024 / (many - few)
    growth = (large - begin) * 1024 / many
    print(f"{options.scheme} {options.backend}: {slope:.0f} bytes a client by slope, {growth:.0f} by "
          f"growth from the start; {begin} KiB at the start, {large} with {many}")


if __name__ == "__main__":
    main()
