#!/usr/bin/env python3
"""Builds and runs the package of an embedder, and proves that misuse does not compile.

Of the product `Pelmeni` alone the build makes no module of another package: an embedder pays for
swift-log, swift-metrics and the like only with the product that needs them.

Each file of misuse/ but control.swift has a line `// error on the next line: TEXT`. The compiler
has to report an error with that text on the next line, and none elsewhere. control.swift has to
compile with the same flags.
"""

import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCRATCH = ROOT / ".build-embedder"
PRODUCTS = SCRATCH / "debug"
MARK = "// error on the next line: "
CONTROL = "control.swift"
MODULES = {"embedder", "Pelmeni", "PelmeniCore", "PelmeniRuntime"}


def fail(text):
    print(f"failed: {text}", file=sys.stderr)
    sys.exit(1)


def build():
    command = ["swift", "build", "--package-path", HERE, "--scratch-path", SCRATCH]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        fail("the embedder's package does not build")
    if subprocess.run([PRODUCTS / "embedder"]).returncode != 0:
        fail("the embedder's program found a fault")


def check_modules():
    built = {path.stem for path in (PRODUCTS / "Modules").glob("*.swiftmodule")}
    if built != MODULES:
        fail(f"the embedder's build makes the modules {sorted(built)}, not {sorted(MODULES)}")


def compile(path):
    """The errors of a file: their lines and texts."""
    command = ["swiftc", "-swift-version", "6", "-parse-as-library", "-emit-sil", "-o", "/dev/null",
        "-I", PRODUCTS / "Modules", "-I", ROOT / "CSupport" / "CLiburing",
        "-Xcc", f"-fmodule-map-file={PRODUCTS / 'CPelmeni.build' / 'module.modulemap'}", path]
    run = subprocess.run(command, capture_output=True, text=True)
    errors = re.findall(rf"^{re.escape(str(path))}:(\d+):\d+: error: (.*)$", run.stderr, re.M)
    if run.returncode not in (0, 1) or (run.returncode == 1 and not errors):
        fail(f"{path.name}: the compiler broke down:\n{run.stderr[:2000]}")
    return {(int(line), text) for line, text in errors}


def check(path):
    marked = [(number + 2, line.split(MARK)[1].strip())
        for number, line in enumerate(path.read_text().splitlines()) if MARK in line]
    if len(marked) != 1:
        fail(f"{path.name} has {len(marked)} lines with `{MARK.strip()}`, one is right")
    (wanted, text), errors = marked[0], compile(path)
    if not any(line == wanted and text in found for line, found in errors):
        fail(f"{path.name}: no error `{text}` on line {wanted}, but {sorted(errors)}")
    if any(line != wanted for line, _ in errors):
        fail(f"{path.name}: further errors, {sorted(errors)}")


def main():
    build()
    check_modules()
    files = sorted((HERE / "misuse").glob("*.swift"))
    if errors := compile(HERE / "misuse" / CONTROL):
        fail(f"{CONTROL} does not compile: {sorted(errors)}")
    for path in files:
        if path.name != CONTROL:
            check(path)
    print(f"misuse: ok, {len(files) - 1} files do not compile")


main()
