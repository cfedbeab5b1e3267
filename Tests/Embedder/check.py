#!/usr/bin/env python3
"""Builds and runs the package of an embedder, and proves that misuse does not compile.

The package is Tests/Embedder, copied together with PelmeniICMP and PelmeniHTTP into the scratch
folder: there the protocols are modules `ICMPCopy` and `HTTPCopy` of the embedder's, in Swift 6 mode
without a flag, and see what the product `Pelmeni` shows to everybody. Of that product alone the build makes no module of another
package: an embedder pays for swift-log, swift-metrics and the like only with the product that needs
them.

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
# As deep as HERE is: the manifest's path to Pelmeni is the same.
PACKAGE = SCRATCH / "package"
PRODUCTS = SCRATCH / "debug"
PROTOCOLS = {"ICMPCopy": ROOT / "Sources" / "PelmeniICMP", "HTTPCopy": ROOT / "Sources" / "PelmeniHTTP"}
MARK = "// error on the next line: "
CONTROL = "control.swift"
MODULES = {"embedder", *PROTOCOLS, "Pelmeni", "PelmeniCore", "PelmeniRuntime"}
# Of what a protocol needs, nothing is the project's but the product.
IMPORTS = {"Glibc", "Pelmeni", "Synchronization"}
COPY = """
package.targets[0].dependencies.append("%(name)s")
package.targets.append(
    .target(
        name: "%(name)s", dependencies: [.product(name: "Pelmeni", package: "pelmeni")],
        swiftSettings: [.treatAllWarnings(as: .error)]))
"""


def fail(text):
    print(f"failed: {text}", file=sys.stderr)
    sys.exit(1)


def check_imports():
    """The protocols have no privilege that an embedder lacks."""
    for protocol in PROTOCOLS.values():
        check_imports_of(protocol)


def check_imports_of(protocol):
    files = sorted(protocol.rglob("*.swift"))
    if not files:
        fail(f"no file in {protocol.relative_to(ROOT)}")
    for path in files:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            place = f"{path.relative_to(ROOT)}:{number}"
            if re.search(r"@testable|@_spi|\bpackage import\b", line):
                fail(f"{place}: an embedder cannot write `{line.strip()}`")
            module = re.match(r"\s*(?:@\w+ )*(?:\w+ )?import (?:\w+ )?(\w+)", line)
            if module and module[1] not in IMPORTS:
                fail(f"{place}: an import of {module[1]}, which is no part of {sorted(IMPORTS)}")


def make_package():
    """Makes PACKAGE what it should be. Unchanged files are left: nothing is compiled twice."""
    copies = "".join(COPY % {"name": name} for name in PROTOCOLS)
    wanted = {PACKAGE / "Package.swift": (HERE / "Package.swift").read_text() + copies}
    for source, target in [(HERE / "Sources", PACKAGE / "Sources"),
            *((source, PACKAGE / "Sources" / name) for name, source in PROTOCOLS.items())]:
        for path in source.rglob("*.swift"):
            wanted[target / path.relative_to(source)] = path.read_text()
    for path in PACKAGE.rglob("*.swift"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        if not path.is_file() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def build():
    # SwiftPM keeps its plan, and does not notice a file that is new in a subfolder of a package
    # that is a dependency by path: a build of an earlier tree would lack it. Planned anew, it takes
    # a second more.
    command = ["swift", "build", "--disable-build-manifest-caching",
        "--package-path", PACKAGE, "--scratch-path", SCRATCH]
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        fail("the embedder's package does not build")


def built_modules():
    return {path.stem: path for path in (PRODUCTS / "Modules").glob("*.swiftmodule")}


def check_modules():
    extra = [path for name, path in built_modules().items() if name not in MODULES]
    if extra:
        # They may be left of an earlier tree: then they do not come back.
        for path in extra:
            path.unlink()
        build()
    built = set(built_modules())
    if built != MODULES:
        fail(f"the embedder's build makes the modules {sorted(built)}, not {sorted(MODULES)}")


def run_program():
    if subprocess.run([PRODUCTS / "embedder"]).returncode != 0:
        fail("the embedder's program found a fault")


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
    check_imports()
    make_package()
    build()
    check_modules()
    run_program()
    files = sorted((HERE / "misuse").glob("*.swift"))
    if errors := compile(HERE / "misuse" / CONTROL):
        fail(f"{CONTROL} does not compile: {sorted(errors)}")
    for path in files:
        if path.name != CONTROL:
            check(path)
    print(f"misuse: ok, {len(files) - 1} files do not compile")


main()
