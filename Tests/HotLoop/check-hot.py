#!/usr/bin/env python3
"""Proves that the workers' loops neither count references nor allocate.

Disassembles the release binary and walks the static call closure of each worker's loop:
direct calls, jumps to other functions (tail calls, thunks, outlined and cold parts), and
functions whose address is taken. A forbidden runtime call, an allocation, or an indirect
call in it fails, unless Tests/HotLoop/hot-allow.txt allows that edge with a reason.

    check-hot.py BINARY [--allow FILE] [--verbose]
    check-hot.py --self-test
"""

import argparse
import collections
import os
import re
import subprocess
import sys

# One worker loop a ring, and the events of the HTTP proxy, which the loop calls through its one
# call of drivers: found by their demangled names, each at least once.
ROOTS = {
    "UringRing": r"specialization <[^>]*\bUringRing\b.* of .*\bWorker\b.*\.loop\(",
    "EpollRing": r"specialization <[^>]*\bEpollRing\b.* of .*\bWorker\b.*\.loop\(",
    "HTTP": r"^PelmeniHTTP\.HTTPProxy\.(received|linked|readRequest|readResponse)\(",
    "bridges": r"^PelmeniHTTP\.HTTP(Datagram|Post|Frame|Stream)Bridge\.(received|arrived|linked|connected)\(",
}

FORBIDDEN = [
    # Counting references.
    r"swift_(nonatomic_)?(retain|release)",
    r"swift_(nonatomic_)?bridgeObject(Retain|Release)",
    r"swift_(nonatomic_)?unknownObject",
    r"swift_(nonatomic_)?(unowned|weak)",
    r"swift_isUniquelyReferenced",
    r"objc_(retain|release)",
    # Exclusivity checks.
    r"swift_(beginAccess|endAccess)",
    # Allocation, from Swift or C.
    r"swift_(allocObject|allocBox|allocError|allocateGeneric|slowAlloc|dealloc|slowDealloc)",
    r"swift_(initStackObject|initStaticObject|arrayInit|arrayAssign|arrayDestroy)",
    r"(malloc|calloc|realloc|reallocarray|free|aligned_alloc|posix_memalign)$",
    r"_Znwm|_Znam|_ZdlPv|_ZdaPv",
    # Witnesses, metadata, existentials, casts.
    r"swift_get(WitnessTable|AssociatedType|AssociatedConformance|GenericMetadata)",
    r"swift_get(ForeignTypeMetadata|SingletonMetadata|Existential|TypeByMangledName)",
    r"swift_(checkMetadataState|conformsToProtocol|instantiateConcreteType)",
    r"swift_dynamicCast",
    r"swift_project\w*[Ee]xistential|swift_projectBox",
    r"swift_once",
    r"swift_(task|asyncLet|continuation)_",
]
FORBIDDEN_CALL = re.compile(r"^(?:%s)" % "|".join(FORBIDDEN))

FUNCTION = re.compile(r"^([0-9a-f]+) <(.+)>:$")
INSTRUCTION = re.compile(
    r"^\s*([0-9a-f]+):\s+(?:(?:notrack|bnd|data16|cs|rex\.W|addr32)\s+)*(\w+)\s*(.*)$")
TARGET = re.compile(r"^([0-9a-f]+)\s+<([^>]+)>")
INDIRECT = "indirect"
TAKEN = "address taken"

Allow = collections.namedtuple("Allow", "line caller callee reason")
Failure = collections.namedtuple("Failure", "path callee")


class Function:
    """A function of the binary: its name and the calls that leave it."""

    def __init__(self, name):
        self.name = name
        self.calls = []  # (target name, or INDIRECT with the operand) in order

    def __repr__(self):
        return self.name


class Problem(Exception):
    """The check cannot run, or the allow list is invalid."""


def base_name(symbol):
    """The symbol of a target: without `+0x..`, `@plt` and a version."""
    return re.sub(r"@@?.*$", "", re.sub(r"\+0x[0-9a-f]+$", "", symbol))


def is_plt(symbol):
    return "@plt" in symbol


def jump_table(lines, index):
    """Whether an indirect jump is a switch's jump table and so stays in its function.

    LLVM's shape: movslq (%table,%case,4),%case; add %table,%case; jmp *%case, with at most
    a few instructions between them.
    """
    register = re.search(r"\*(%\w+)$", lines[index][1])
    if not register:
        return False
    recent = [text for _, text in lines[max(0, index - 12):index]]
    loads = any(re.match(r"movslq\s+\(%\w+,%\w+,4\),", text) for text in recent)
    into = re.compile(r"add\s+%%\w+,%s$" % re.escape(register.group(1)))
    return loads and any(into.match(text) for text in recent)


def parse(disassembly, sizes=None):
    """Functions by name, from `objdump -d --no-show-raw-insn`.

    `sizes` gives each symbol's length by its address. What follows the end of a symbol belongs to
    functions that have no symbol (lazy accessors, say): objdump shows them as its continuation, and
    they count only where something calls them.
    """
    sizes = sizes or {}
    functions = {}
    by_address = {}
    body = []
    current = None
    end = None
    padding = False

    def finish():
        if current is not None:
            current.calls = calls_of(current.name, body)

    for line in disassembly.splitlines():
        header = FUNCTION.match(line)
        if header:
            finish()
            body = []
            name = header.group(2)
            # Two local functions may share a name: the address tells them apart.
            key = name if name not in functions else name + "#" + header.group(1)
            current = functions[key] = Function(key)
            start = int(header.group(1), 16)
            by_address[start] = key
            end = start + sizes[start] if sizes.get(start) else None
            padding = False
            continue
        instruction = INSTRUCTION.match(line)
        if instruction and current is not None:
            address, opcode, operands = instruction.groups()
            where = int(str(address).rstrip(":"), 16)
            if end is not None and where >= end:
                if opcode.startswith(("nop", "xchg", "data16", "cs", "int3")):
                    padding = True
                    continue
                if padding or where == end or not current.name.startswith("unnamed#"):
                    finish()
                    body = []
                    padding = False
                    key = "unnamed#%x" % where
                    current = functions[key] = Function(key)
                    by_address[where] = key
            body.append((address, (opcode + " " + operands).strip()))
    finish()
    resolve(functions, by_address)
    return functions


def calls_of(name, body):
    """(target, address) for each edge out of a function."""
    calls = []
    for index, (_, text) in enumerate(body):
        opcode, _, operand = text.partition(" ")
        operand = operand.strip()
        if opcode == "lea":
            # A function whose address is taken: merged functions get their callees this way.
            taken = re.search(r"\(%rip\).*#\s*([0-9a-f]+) <([^>+]+)>", operand)
            if taken:
                calls.append((TAKEN, int(taken.group(1), 16)))
            continue
        if not (opcode.startswith("call") or opcode.startswith("j")):
            continue
        if operand.startswith("*"):
            # objdump names a GOT slot: `call *0x2f0a(%rip)  # 5000 <swift_retain@...>`.
            slot = re.search(r"#\s*[0-9a-f]+ <([^>]+)>", operand)
            named = slot and not slot.group(1).startswith("_GLOBAL_OFFSET")
            if named and "(%rip)" in operand:
                calls.append((base_name(slot.group(1)) + "@plt", None))
            elif opcode.startswith("call") or not jump_table(body, index):
                calls.append((INDIRECT, text))
            continue
        target = TARGET.match(operand)
        if not target:
            continue
        symbol = target.group(2)
        inside = base_name(symbol) == base_name(name.split("#")[0]) and "+0x" in symbol
        if opcode.startswith("j") and inside:
            continue
        calls.append((symbol, int(target.group(1), 16)))
    return calls


def resolve(functions, by_address):
    """Names each direct edge after the function at its address."""
    for function in functions.values():
        resolved = []
        for symbol, address in function.calls:
            if symbol == INDIRECT or address is None or is_plt(symbol):
                resolved.append((symbol, address))
            elif symbol == TAKEN and address not in by_address:
                continue  # data
            elif address in by_address:
                resolved.append((by_address[address], address))
            else:
                resolved.append((base_name(symbol), address))
        function.calls = resolved


def demangle(names):
    """Demangled names by mangled name."""
    names = sorted(names)
    stripped = [base_name(name.split("#")[0]) for name in names]
    run = subprocess.run(["swift", "demangle", "--compact"], input="\n".join(stripped) + "\n",
                         capture_output=True, text=True, check=True)
    shown = run.stdout.splitlines()
    if len(shown) != len(names):
        raise Problem("swift demangle answered %d names for %d" % (len(shown), len(names)))
    return {name: text for name, text in zip(names, shown)}


def read_allow(text):
    allows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        parts = [part.strip() for part in re.split(r"\s\|\s?", line, maxsplit=2)]
        if len(parts) != 3 or not all(parts):
            raise Problem("hot-allow line %d: not `caller regex | callee regex | reason`" % number)
        try:
            allows.append(Allow(number, re.compile(parts[0]), re.compile(parts[1]), parts[2]))
        except re.error as error:
            raise Problem("hot-allow line %d: %s" % (number, error))
    return allows


class Walk:
    """The closure of the roots, its failures, and the used exceptions."""

    def __init__(self, functions, names, allows):
        self.functions = functions
        self.names = names
        self.allows = allows
        self.used = collections.Counter()
        self.failures = []
        self.came_from = {}

    def show(self, symbol):
        return self.names.get(symbol, base_name(symbol))

    def path(self, symbol):
        steps = []
        while symbol is not None:
            steps.append(self.show(symbol))
            symbol = self.came_from[symbol]
        return steps[::-1]

    def allowed(self, caller, callee):
        found = False
        for allow in self.allows:
            if allow.caller.search(caller) and allow.callee.search(callee):
                self.used[allow.line] += 1
                found = True
        return found

    def run(self, roots):
        queue = collections.deque()
        for root in roots:
            self.came_from[root] = None
            queue.append(root)
        while queue:
            function = self.functions[queue.popleft()]
            for symbol, operand in function.calls:
                self.edge(function, symbol, operand, queue)

    def edge(self, function, symbol, operand, queue):
        caller = self.show(function.name)
        if symbol == INDIRECT:
            if not self.allowed(caller, INDIRECT):
                callee = "%s: %s" % (INDIRECT, operand)
                self.failures.append(Failure(self.path(function.name), callee))
            return
        runtime = base_name(symbol.split("#")[0])
        callee = self.show(symbol)
        if FORBIDDEN_CALL.match(runtime):
            if not self.allowed(caller, runtime):
                self.failures.append(Failure(self.path(function.name), runtime))
            return
        if self.allowed(caller, callee):
            return
        if not is_plt(symbol) and symbol in self.functions and symbol not in self.came_from:
            self.came_from[symbol] = function.name
            queue.append(symbol)


def find_roots(names, functions, roots):
    found = {}
    for ring, pattern in roots.items():
        regex = re.compile(pattern)
        found[ring] = sorted(n for n in functions if regex.search(names.get(n, n)))
        if not found[ring]:
            raise Problem("no loop of %s in the binary: nothing matches %s\n"
                          "    (is it inlined into its caller? mark it @inline(never))"
                          % (ring, pattern))
    return found


def sizes_of(binary):
    """Each function symbol's length by its address, from `nm -S`."""
    run = subprocess.run(["nm", "-S", "--defined-only", binary], capture_output=True, text=True)
    if run.returncode != 0:
        raise Problem(run.stderr.strip())
    sizes = {}
    for line in run.stdout.splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "tTwWiuV":
            address, size = int(fields[0], 16), int(fields[1], 16)
            sizes[address] = max(size, sizes.get(address, 0))
    return sizes


def check(disassembly, allow_text, names=None, roots=None, report=print, verbose=False,
          sizes=None):
    """Whether the binary passes."""
    functions = parse(disassembly, sizes)
    if names is None:
        names = demangle(functions)
    allows = read_allow(allow_text)
    found = find_roots(names, functions, roots or ROOTS)
    walk = Walk(functions, names, allows)
    walk.run([name for group in found.values() for name in group])

    for ring, group in found.items():
        for name in group:
            report("root %s: %s" % (ring, walk.show(name)))
    report("walked %d functions" % len(walk.came_from))
    if verbose:
        for name in sorted(walk.came_from, key=walk.show):
            report("    " + walk.show(name))
    for allow in allows:
        if walk.used[allow.line]:
            report("allowed %d: line %d, %s" % (walk.used[allow.line], allow.line, allow.reason))

    good = True
    for allow in allows:
        if not walk.used[allow.line]:
            report("FAIL hot-allow line %d matches nothing: remove it" % allow.line)
            good = False
    failures = collections.Counter((tuple(f.path), f.callee) for f in walk.failures)
    for (path, callee), times in failures.items():
        report("FAIL %s%s" % (callee, " (%d times)" % times if times > 1 else ""))
        for depth, step in enumerate(path):
            report("    " + "  " * depth + step)
        good = False
    report("check-hot: " + ("good" if good else "FAILED"))
    return good


# The self-test: a binary in miniature, in objdump's format.

MINIATURE = """
0000000000001000 <loopU>:
    1000:\tcall   1100 <step>
    1005:\tjmp    1000 <loopU>
    100a:\tje     1002 <loopU+0x2>
    100c:\t%s
    1010:\tret
0000000000001040 <loopE>:
    1040:\tcall   1100 <step>
    1045:\tcall   1500 <read@plt>
    104a:\tret
0000000000001100 <step>:
    1100:\tmovslq (%%rax,%%rcx,4),%%rcx
    1104:\tadd    %%rax,%%rcx
    1107:\tjmp    *%%rcx
    1109:\tjne    1200 <cold>
    110b:\tret
0000000000001200 <cold>:
    1200:\tnop
    1201:\tjmp    1300 <outlined>
0000000000001300 <outlined>:
    1300:\t%s
    1305:\tret
0000000000001400 <unreached>:
    1400:\tcall   1510 <swift_retain@plt>
"""
MINIATURE_ROOTS = {"U": "^loopU$", "E": "^loopE$"}

# (name, in loopU, in outlined, allow list, passes)
SELF_TESTS = [
    ("a clean binary", "nop", "nop", "", True),
    ("a leaf of libc", "call   1600 <io_uring_enter@plt>", "nop", "", True),
    ("a retain behind a tail call", "nop", "call   1510 <swift_retain@plt>", "", False),
    ("a retain as a tail jump", "nop", "jmp    1510 <swift_retain@plt>", "", False),
    ("a release through the GOT",
     "nop", "call   *0x2f(%rip)        # 5000 <swift_release@Base>", "", False),
    ("an allocation", "call   1520 <malloc@plt>", "nop", "", False),
    ("a runtime linked statically", "nop", "call   9000 <swift_allocObject>", "", False),
    ("a retain behind a taken address",
     "lea    0xf(%rip),%rsi        # 1400 <unreached>", "nop", "", False),
    ("the address of data", "lea    0xf(%rip),%rsi        # 7000 <table>", "nop", "", True),
    ("an indirect call", "call   *0x18(%rax)", "nop", "", False),
    ("an indirect tail call", "jmp    *0x18(%rax)", "nop", "", False),
    ("an allowed indirect call",
     "call   *0x18(%rax)", "nop", "loopU | ^indirect | the seam", True),
    ("an allowed runtime call",
     "nop", "call   1510 <swift_retain@plt>", "outlined | swift_retain | why", True),
    ("an allowed edge, not followed",
     "nop", "call   1510 <swift_retain@plt>", "step | ^cold$ | why", True),
    ("an allow line without use", "nop", "nop", "step | swift_retain | why", False),
    ("an allow line without reason", "nop", "nop", "step | ^cold$", None),
]


def self_test():
    good = True
    for what, in_loop, in_outlined, allow, expected in SELF_TESTS:
        lines = []
        text = MINIATURE % (in_loop, in_outlined)
        try:
            result = check(text, allow, names={}, roots=MINIATURE_ROOTS, report=lines.append)
        except Problem:
            result = None
        if result is not expected:
            good = False
            print("self-test: %s: expected %s, got %s\n%s" % (what, expected, result, "\n".join(lines)))
    try:
        check(MINIATURE % ("nop", "nop"), "", names={}, roots={"gone": "^nowhere$"}, report=lambda line: None)
        good = False
        print("self-test: a missing root passed")
    except Problem:
        pass
    print("check-hot: self-test of %d cases: %s" % (len(SELF_TESTS) + 1, "good" if good else "FAILED"))
    return good


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="Walks the workers' loops in a release binary.")
    parser.add_argument("binary", nargs="?")
    parser.add_argument("--allow", default=os.path.join(here, "hot-allow.txt"))
    parser.add_argument("--verbose", action="store_true", help="name every function walked")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return 0 if self_test() else 1
    if not options.binary:
        parser.error("name the binary")
    try:
        with open(options.allow) as file:
            allow_text = file.read()
        run = subprocess.run(["objdump", "-d", "--no-show-raw-insn", options.binary],
                             capture_output=True, text=True)
        if run.returncode != 0:
            raise Problem(run.stderr.strip())
        return 0 if check(
            run.stdout, allow_text, verbose=options.verbose, sizes=sizes_of(options.binary)) else 1
    except (Problem, OSError) as problem:
        print("check-hot: %s" % problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
