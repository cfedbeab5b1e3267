#!/usr/bin/env python3
"""CPU a datagram of the UDP prototypes beside nginx's stream module, all in turn in one run and on one core.

    measure_udp.py [--scenarios udp64,udp1,burst8,...] [--subjects NAME,...] [--rounds 5] [--secs 2] [--cpu 0]
    measure_udp.py --list            the subjects (a prototype with its options) and the scenarios

Needs gcc, liburing-dev, nginx with its stream module. What is built and configured goes into a temporary folder. A figure is the proxy's
user and system time from /proc/PID/task/*/schedstat, divided by the round trips (trips) or the datagrams the sink verified (burst). Loopback
delivers in the sender's context, so this holds the delivery of what the proxy sends, for every subject alike. The first round warms up and is not
counted. A round in which the hypervisor stole over 4 % of the core is taken again, three times at most, and the last
kept; the column steal tells the worst that was kept. What other programs on the core disturb is not seen: take more rounds."""
import argparse, os, re, signal, socket, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so'
# scenario: (origin's arguments, load's arguments with {p} the proxy's port and {s} the seconds, what is counted)
SCENARIOS = {
    'udp64': ('echo', 'trips {p} 64 {s}', 'round trip'),
    'udp1': ('echo', 'trips {p} 1 {s}', 'round trip'),
    'burst1': ('sink:gro', 'burst {p} 1 {s} gso', 'datagram'),         # trains of 40 datagrams of 1400 bytes, 4 in flight a client
    'burst8': ('sink:gro', 'burst {p} 8 {s} gso', 'datagram'),
    'burst1-sinkplain': ('sink:plain', 'burst {p} 1 {s} gso', 'datagram'),  # the receiver has no UDP_GRO: who sends a train pays for its cutting
    'burst8-sinkplain': ('sink:plain', 'burst {p} 8 {s} gso', 'datagram'),
    'burst1-plain': ('sink:plain', 'burst {p} 1 {s} plain', 'datagram'),    # nobody outside of the proxy knows trains
    'burst8-plain': ('sink:plain', 'burst {p} 8 {s} plain', 'datagram'),
    'burst8-join': ('sink:gro', 'burst {p} 8 {s} plain', 'datagram'),       # the sender does not, the receiver does
}
SUBJECTS = {
    'nginx': 'nginx', 'nginx-multi': 'nginx multi_accept',  # the base of all ratios is the cheaper of these
    'epoll': 'epoll --batch 64',
    'epoll-batch1': 'epoll --batch 1 --at-once',
    'epoll-batch1-again': 'epoll --batch 1 --at-once --again',
    'epoll-batch8': 'epoll --batch 8',
    'epoll-batch16': 'epoll --batch 16',
    'epoll-batch32': 'epoll --batch 32',
    'epoll-batch256': 'epoll --batch 256',
    'epoll-nogro': 'epoll --no-gro',
    'epoll-recv': 'epoll --recv',
    'epoll-recv16': 'epoll --recv --batch 16',
    'epoll-join': 'epoll --join --mmsg',
    'epoll-join16': 'epoll --join --mmsg --batch 16',
    'epoll-nogro-join': 'epoll --no-gro --join --mmsg',
    'epoll-edge': 'epoll --edge',
    'epoll-edge-mmsg': 'epoll --edge --mmsg',
    'epoll-again': 'epoll --again',
    'epoll-mmsg': 'epoll --mmsg',
    'epoll-atonce': 'epoll --at-once',
    'epoll-submit': 'epoll --submit',  # what goes upstream leaves with one io_submit (Linux AIO)
    'epoll-upfirst': 'epoll --upstream-first',
    'epoll-sched': 'chrt epoll',  # SCHED_BATCH: being woken does not preempt the load, so a turn finds more
    'uring': 'uring',
    'uring-16': 'uring --blocks 16',
    'uring-64': 'uring --blocks 64',
    'uring-2k': 'uring --no-gro --block 2304',
    'uring-nogro': 'uring --no-gro',
    'uring-join': 'uring --join',
    'uring-join64': 'uring --join --blocks 64',
    'uring-nogro-join': 'uring --no-gro --join --block 2304',
    'uring-recv': 'uring --recv',
    'uring-recv-2k': 'uring --recv --no-gro --block 2304',
    'uring-oneshot-recv': 'uring --oneshot --recv',
    'uring-sendmsg': 'uring --sendmsg',
    'uring-completions': 'uring --completions',
    'uring-pollfirst': 'uring --poll-first',
    'uring-fixed': 'uring --fixed',
    'uring-noiowait': 'uring --no-iowait',
    'uring-huge': 'uring --huge',
    'uring-wait8': 'uring --wait 8 50',
    'uring-wait32': 'uring --wait 32 100',
    'uring-best': 'uring --recv --fixed --no-iowait',
    'uring-sched': 'chrt uring',
}
children = []
tmp = tempfile.mkdtemp(prefix='udp-prototypes-')

def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]

def start(command):  # never behind a pipe: what ends up there would block a daemon
    p = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(f'{tmp}/stderr', 'a'), start_new_session=True)
    children.append(p)
    return p

def stop(since=0):
    for p in children[since:]:
        try: os.killpg(p.pid, signal.SIGKILL)  # own session and so own group: nothing else is in it
        except ProcessLookupError: pass
    for p in children[since:]: p.wait()
    del children[since:]

def build():
    for name, libraries in (('udp_epoll', []), ('udp_uring', ['-luring']), ('udp_load', [])):
        subprocess.run(['gcc', '-O2', f'{HERE}/{name}.c', '-o', f'{tmp}/{name}', *libraries], check=True)

def nginx(port, upstream, extra):
    path = f'{tmp}/nginx{port}'
    with open(f'{path}.conf', 'w') as f:
        f.write(f'''load_module {STREAM};
worker_processes 1; daemon off; error_log {path}.err; pid {path}.pid;
events {{ worker_connections 15000; {extra} }}
stream {{ access_log off; server {{ listen 127.0.0.1:{port} udp reuseport rcvbuf=4m; proxy_pass 127.0.0.1:{upstream}; }} }}
''')
    return start(['nginx', '-c', f'{path}.conf'])

def subject(spec, upstream):
    port, words = free_port(), spec.split()
    if words[0] == 'nginx': return nginx(port, upstream, 'multi_accept on;' if len(words) > 1 else ''), port
    prefix = ['chrt', '-b', '0'] if words[0] == 'chrt' else []
    if prefix: words = words[1:]
    return start([*prefix, f'{tmp}/udp_{words[0]}', str(port), str(upstream), *words[1:]]), port

def tree(pid):
    try: kids = open(f'/proc/{pid}/task/{pid}/children').read().split()
    except OSError: kids = []
    return [pid] + [q for k in kids for q in tree(int(k))]

def cpu_ns(pid):
    total = 0
    for q in tree(pid):
        try:
            for t in os.listdir(f'/proc/{q}/task'): total += int(open(f'/proc/{q}/task/{t}/schedstat').read().split()[0])
        except OSError: pass
    return total

def core_ticks(cpu):  # (all, stolen) of one core
    for line in open('/proc/stat'):
        if line.startswith(f'cpu{cpu} '):
            v = [int(x) for x in line.split()[1:9]]
            return sum(v), v[7]

def take(load, secs, port, pid, cpu):
    for _ in range(3):
        t0, s0 = core_ticks(cpu)
        c0, w0 = cpu_ns(pid), time.monotonic()
        run = subprocess.run([f'{tmp}/udp_load', *load.format(p=port, s=secs).split()], capture_output=True, text=True)
        c1, w1 = cpu_ns(pid), time.monotonic()
        t1, s1 = core_ticks(cpu)
        steal = (s1 - s0) / max(t1 - t0, 1)
        m = re.search(r'units=(\d+) lost=(\d+) wrong=(\d+) stalls=(\d+)', run.stdout)
        if not m: sys.exit(f'no result: {run.stdout} {run.stderr}')
        units, lost, wrong, stalls = map(int, m.groups())
        # Stolen time is part of what the kernel counts for a task, so a round with much of it says little.
        if steal < 0.04: break
    return (c1 - c0) / max(units, 1) / 1e3, (c1 - c0) / 1e9 / (w1 - w0), units / secs, lost, wrong + stalls, steal

def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--scenarios', default='udp64,udp1,burst1,burst8,burst8-sinkplain,burst8-plain')
    a.add_argument('--subjects', default='epoll,epoll-batch1,epoll-submit,epoll-recv,epoll-join,uring,uring-recv,uring-join')
    a.add_argument('--rounds', type=int, default=5)
    a.add_argument('--secs', type=float, default=2)
    a.add_argument('--cpu', type=int, default=0)
    a.add_argument('--list', action='store_true')
    a = a.parse_args()
    if a.list:
        for k, v in SCENARIOS.items(): print(f'{k:18} {v[1].split()[0]} -> {v[0]}: {v[1]}')
        for k, v in SUBJECTS.items(): print(f'{k:18} {v}')
        return 0
    os.sched_setaffinity(0, {a.cpu})
    build()
    bad = 0
    print(f'{time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime())} kernel {os.uname().release} core {a.cpu} rounds {a.rounds} x {a.secs} s')
    for scenario in a.scenarios.split(','):
        origin, load, unit = SCENARIOS[scenario]
        up = free_port()
        words = origin.split(':')
        start([f'{tmp}/udp_load', words[0], str(up), *words[1:]])
        time.sleep(.2)
        names = ['nginx', 'nginx-multi'] + [n for n in a.subjects.split(',') if not n.startswith('nginx')]
        running = {n: subject(SUBJECTS[n], up) for n in names}
        time.sleep(.5)
        rows = {n: [] for n in names}
        for r in range(a.rounds + 1):
            for n in names[r % len(names):] + names[:r % len(names)]:  # who comes first changes
                p, port = running[n]
                if p.poll() is not None: sys.exit(f'{n} ended: {open(f"{tmp}/stderr").read()}')
                row = take(load, a.secs if r else .5, port, p.pid, a.cpu)
                if r: rows[n].append(row)
                if row[3] or row[4]: print(f'! {scenario} round {r} {n}: lost {row[3]}, wrong or stalled {row[4]}')
                bad += row[4] > 0
        cost = {n: statistics.median(x[0] for x in v) for n, v in rows.items()}
        base = min(('nginx', 'nginx-multi'), key=cost.get)
        print(f'\n{scenario}: us of CPU a {unit}; ratio to {base}\n{"subject":20} {"us":>8} {"ratio":>6} {"min":>5} {"max":>5} {"units/CPU s":>12} {"units/s":>9} {"CPU":>4} steal')
        for n, v in rows.items():
            ratios = [x[0] / y[0] for x, y in zip(v, rows[base])]
            print(f'{n:20} {cost[n]:8.3f} {statistics.median(ratios):6.2f} {min(ratios):5.2f} {max(ratios):5.2f} {1e6 / cost[n]:12.0f} {statistics.median(x[2] for x in v):9.0f} '
                  f'{statistics.median(x[1] for x in v):4.2f} {max(x[5] for x in v):5.2f}', flush=True)
        stop()
    return bad > 0

if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try: sys.exit(main())
    finally:
        stop()
        subprocess.run(['rm', '-rf', tmp])
