#!/usr/bin/env python3
"""Puts the newest stored result into the README, between its two markers.

    Benchmarks/table.py            rewrites README.md
    Benchmarks/table.py --check    fails if README.md does not show the newest result
    Benchmarks/table.py --print    prints the table and changes nothing
"""

import argparse
import json
import os
import pathlib
import sys

sys.dont_write_bytecode = True

from support import report  # noqa: E402
from support.loads import SCENARIOS  # noqa: E402
from support.processes import Failed  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BEGIN = "<!-- figures -->"
END = "<!-- /figures -->"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--print", action="store_true")
    parser.add_argument("--readme", default=HERE.parent / "README.md", type=pathlib.Path)
    parser.add_argument("--results", default=HERE / "results", type=pathlib.Path)
    options = parser.parse_args()
    try:
        source, result = newest(options.results)
        table = report.markdown(result)
        if options.print:
            print(table)
            return 0
        return update(options, source, table)
    except Failed as failure:
        sys.exit(f"table: {failure}")


def update(options, source, table):
    try:
        before = options.readme.read_text()
    except OSError as error:
        raise Failed(f"cannot read {options.readme}: {error.strerror}") from None
    after = with_figures(before, table)
    if options.check and after != before:
        raise Failed(f"{options.readme.name} does not show {source}: run Benchmarks/table.py")
    if after == before:
        print(f"{options.readme.name} shows {source} already")
        return 0
    # Through a new file: an interrupted run must not leave half a README.
    draft = options.readme.with_name(options.readme.name + ".new")
    draft.write_text(after)
    os.replace(draft, options.readme)
    print(f"{options.readme.name} now shows {source}")
    return 0


def newest(folder):
    """The newest result that may be published: whole, clean, steady, and not a quick one."""
    found = []
    for path in folder.glob("*.json"):
        try:
            result = json.loads(path.read_text())
        except ValueError as error:
            raise Failed(f"{path.name} is not JSON: {error}") from None
        names = {scenario["name"] for scenario in result["scenarios"]}
        doubts = result["quick"] or result["errors"] or any(
            scenario["unsteady"] for scenario in result["scenarios"])
        if not doubts and names == set(SCENARIOS):
            found.append((result["date"], path.name, result))
    if not found:
        raise Failed("no whole, clean and steady result is stored: run make bench on a quiet machine")
    return max(found, key=lambda entry: entry[:2])[1:]


def with_figures(text, table):
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise Failed(f"the README needs one {BEGIN} and, after it, one {END}")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{table}\n\n{END}{after}"


if __name__ == "__main__":
    sys.exit(main())
