#!/usr/bin/env python3
"""Plants faults in the engine, one at a time, and runs the simulator until it finds each.

A judge is trusted only as far as it was seen to object. Every mutant is a small change of one file
that a hurried author could make; the simulator has to fail within the mutant's seeds.

    mutants.py [--only TEXT] [--list | --check]

The mutants are in mutants.txt. They are built in a copy of the sources, so the tree stays as it is.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = ROOT / ".build-mutants"
SECONDS_MOST = 600


class Mutant:
    """One planted fault."""

    def __init__(self, name, path, seeds, old, new):
        self.name, self.path, self.seeds, self.old, self.new = name, path, seeds, old, new


def read_mutants():
    """The mutants of mutants.txt: a head line, the text to replace, `->`, and the other text."""
    mutants, block = [], []
    for line in (HERE / "mutants.txt").read_text().splitlines() + ["== end"]:
        if line.startswith("#"):
            continue
        if not line.startswith("== "):
            block.append(line)
            continue
        if block and mutants:
            at = block.index("->")
            mutants[-1].old = "\n".join(block[:at])
            mutants[-1].new = "\n".join(block[at + 1:]).rstrip("\n")
        block = []
        if line != "== end":
            name, path, seeds = [part.strip() for part in line[3:].split("|")]
            mutants.append(Mutant(name, path, seeds, "", ""))
    return mutants


def stale(mutants):
    """Mutants whose text is not in its file, or more than once."""
    counts = [((ROOT / one.path).read_text().count(one.old), one.name) for one in mutants]
    return ["%s: its text is there %d times, not once" % (name, count)
            for count, name in counts if count != 1]


def copy_sources(folder):
    """A copy of the package that the build of a mutant may change."""
    for name in ["Sources", "CSupport", "Tests"]:
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Package.swift", folder)


def build(folder):
    """Builds the simulator; the build's folder is kept for the next mutant, and the next run."""
    result = subprocess.run(
        ["swift", "build", "-c", "release", "--product", "pelmeni-simulator",
         "--package-path", str(folder), "--build-path", str(BUILD)],
        capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise SystemExit("the build failed:\n" + result.stdout[-3000:] + result.stderr[-3000:])
    return BUILD / "release" / "pelmeni-simulator"


def run(program, seeds):
    """What the simulator says of the seeds: nil when all of them passed."""
    try:
        result = subprocess.run(
            [str(program)] + seeds.split(), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=SECONDS_MOST)
    except subprocess.TimeoutExpired:
        return "does not end"
    if result.returncode == 0:
        return None
    lines = [line for line in result.stderr.splitlines() if line.startswith("seed ")]
    if not lines:
        raise SystemExit("the simulator failed, and names no seed:\n" + result.stderr[-2000:])
    return lines[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="mutants whose name has this text")
    parser.add_argument("--list", action="store_true", help="list the mutants")
    parser.add_argument("--check", action="store_true", help="only whether all texts are there")
    options = parser.parse_args()
    mutants = [mutant for mutant in read_mutants() if options.only in mutant.name]
    # Before hours of builds.
    if faults := stale(mutants):
        raise SystemExit("\n".join(faults))
    if options.check:
        return 0
    if options.list:
        for mutant in mutants:
            print(mutant.name)
        return 0
    survivors = []
    # One path in each run: the build's folder remembers it.
    folder = ROOT / ".build-mutants-source"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    copy_sources(folder)
    began = time.time()
    for number, mutant in enumerate(mutants, 1):
        path = folder / mutant.path
        text = path.read_text()
        path.write_text(text.replace(mutant.old, mutant.new))
        verdict = run(build(folder), mutant.seeds)
        path.write_text(text)
        if verdict is None:
            survivors.append(mutant.name)
        print("%2d of %d, %4d s: %-44s %s" % (
            number, len(mutants), time.time() - began, mutant.name,
            "SURVIVES" if verdict is None else verdict[:100]), flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    if survivors:
        print("%d of %d mutants survive: %s" % (
            len(survivors), len(mutants), ", ".join(survivors)))
        return 1
    print("all %d mutants are caught" % len(mutants))
    return 0


if __name__ == "__main__":
    sys.exit(main())
