#!/usr/bin/env python3
"""What hooks cost in memory, on both backends and with the features of kernel 6.1 alone.

    check.py PATH-OF-HOOK-MEMORY

Each figure is of a process of its own. Allocations are exact. Resident memory is not: the lowest of
three runs counts.

The machine code of the program shows besides that a hook is inlined into the function that the
engine calls: that function calls nothing but what the hook itself calls.
"""

import re
import statistics
import subprocess
import sys

VARIANTS = [("io_uring", "none"), ("io_uring", "6.1"), ("epoll", "none")]
RUNS = 5
MIB = 1 << 20
SESSIONS_MAX = MIB
# An edit without an end reaches 1 MiB, and its old bytes are there while it grows.
ENDLESS_MAX = 8 * MIB
UNITS = ["chunks", "chunks-edits", "chunks-held", "chunks-emitted", "messages", "messages-edits",
    "datagrams", "datagrams-edits"]
# 5,000 round trips are 10,000 units.
ARRAYS_MIN = 10_000


def fail(text):
    print(f"failed: {text}", file=sys.stderr)
    sys.exit(1)


def figure(program, *words):
    """The number that a run prints; None where the kernel refuses the backend."""
    run = subprocess.run([program, *words], capture_output=True, text=True)
    text = run.stdout.strip()
    if run.returncode == 0 and text == "refused":
        return None
    if run.returncode != 0 or not text.lstrip("-").isdigit():
        fail(f"{' '.join(words)}: {text or run.stderr.strip()[:500]}")
    return int(text)


def check_inlined(program):
    names = subprocess.run(["nm", program], capture_output=True, text=True).stdout
    for moment in ("forwardCall", "respondCall"):
        # Mangled: the closure of HookTable's function, specialised for the program's type.
        found = re.findall(rf"\S*HookTable\S*{moment}\S*11hook_memory10FourCounts\S*", names)
        if len(found) != 1:
            fail(f"{moment} is specialised {len(found)} times for FourCounts, once is right")
        code = subprocess.run(
            ["objdump", "-d", "--no-show-raw-insn", f"--disassemble={found[0]}", program],
            capture_output=True, text=True).stdout
        calls = re.findall(r"\b(?:call|jmp)q? +(.*)", code)
        outside = [call for call in calls if f"<{found[0]}+" not in call]
        if len(outside) != 1 or "<allocation_count_mark>" not in outside[0]:
            fail(f"{moment} of FourCounts calls {outside}, not allocation_count_mark alone")


def main():
    program = sys.argv[1]
    check_inlined(program)
    for backend, mask in VARIANTS:
        variant = backend if mask == "none" else f"{backend} as on {mask}"
        if figure(program, "units", "chunks", backend, mask) is None:
            print(f"{variant}: skipped")
            continue
        for kind in UNITS:
            if (count := figure(program, "units", kind, backend, mask)) != 0:
                fail(f"{variant}, {kind}: {count} allocations in 10,000 units")
        if (count := figure(program, "units", "chunks-arrays", backend, mask)) < ARRAYS_MIN:
            fail(f"{variant}: the counter saw {count} arrays, at least {ARRAYS_MIN} were made")
        # The kernel gives memory in steps of 64 KiB: the difference of two minima is one of luck.
        usual = {kind: statistics.median_low(
            figure(program, "sessions", kind, backend, mask) for _ in range(RUNS))
            for kind in ("none", "hook")}
        more = usual["hook"] - usual["none"]
        if more > SESSIONS_MAX:
            fail(f"{variant}: 10,000 sessions with 32 bytes of state have {more} bytes more")
        peaks = {edit: figure(program, "endless", edit, backend, mask)
            for edit in ("append", "emit")}
        if max(peaks.values()) > ENDLESS_MAX:
            fail(f"{variant}: edits without an end: {peaks} bytes more")
        print(f"{variant}: ok; no allocation in 80,000 units; 10,000 sessions: "
            f"{usual['none']:,} bytes, with 32 bytes of state {more:,} more; "
            f"200 endless edits: {max(peaks.values()):,} more at the peak")


main()
