#!/usr/bin/env python3
"""Checks the symbol graphs of the API's pages.

    check.py GRAPHS CATALOGUE    every public symbol has a comment, a call that throws says what and
                                 when, and every outermost symbol stands in a group of its module's page
    check.py --self-test         the same on symbols planted to break the rules
"""

import json
import os
import pathlib
import re
import sys


def own_words(declaration):
    """A declaration without what stands in brackets: the types of closures, say."""
    depth, words = 0, ""
    for letter in declaration:
        depth += letter in "([{"
        words += letter if depth == 0 else " "
        depth -= letter in ")]}"
    return words.split()


def faults_of(symbol):
    """The faults of one symbol. One without a place was written by the compiler."""
    if "location" not in symbol or symbol["kind"]["identifier"] == "swift.extension":
        return []
    comment = "\n".join(line["text"] for line in symbol.get("docComment", {}).get("lines", []))
    if not comment.strip():
        return ["has no comment"]
    words = own_words("".join(part["spelling"] for part in symbol["declarationFragments"]))
    throws = {"throws", "rethrows"} & set(words)
    return ["throws, and its comment has no `- Throws:`"] if throws and "- Throws:" not in comment else []


def check(graphs, pages):
    """The faults of all graphs, each with its place; `pages` has the text of each module's page."""
    faults = []
    for graph in graphs:
        module = graph["module"]["name"]
        grouped = set(re.findall(r"^- ``([^`]+)``$", pages.get(module, ""), re.M))
        for symbol in graph["symbols"]:
            names = symbol["pathComponents"]
            found = faults_of(symbol)
            outermost = len(names) == 1 and symbol["kind"]["identifier"] != "swift.extension"
            if outermost and names[0] not in grouped:
                found.append(f"stands in no group of {module}.md")
            place = symbol.get("location", {})
            line = place.get("position", {}).get("line", 0) + 1
            path = place.get("uri", "").removeprefix("file://")
            where = f"{os.path.relpath(path)}:{line}: " if path else ""
            faults += [f"{where}{module}.{'.'.join(names)} {fault}" for fault in found]
    return sorted(faults)


def planted(name, comment, declaration="let a: Int", place=True):
    symbol = {"pathComponents": name.split("."), "kind": {"identifier": "swift.func"},
        "declarationFragments": [{"spelling": declaration}]}
    if place:
        symbol["location"] = {"uri": "file:///a.swift", "position": {"line": 6}}
    if comment is not None:
        symbol["docComment"] = {"lines": [{"text": line} for line in comment.split("\n")]}
    return symbol


def self_test():
    cases = [
        (planted("A.b", None), 1), (planted("A.b", " "), 1), (planted("A.b", "A name."), 0),
        (planted("A.b", None, place=False), 0), (planted("A", "A type."), 0),
        (planted("B", "A type outside the groups."), 1),
        (planted("A.b", "Calls.", "func b() throws(E) -> C"), 1),
        (planted("A.b", "Calls.\n- Throws: an E.", "func b() throws(E) -> C"), 0),
        (planted("A.b", "Calls.", "func b(_ c: () throws -> D) rethrows"), 1),
        (planted("A.b", "Calls.", "func b(_ c: () throws -> D) async"), 0),
    ]
    for symbol, count in cases:
        faults = check([{"module": {"name": "M"}, "symbols": [symbol]}], {"M": "- ``A``\n"})
        if len(faults) != count:
            sys.exit(f"failed: {symbol} has the faults {faults}, {count} are right")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    folder, catalogue = map(pathlib.Path, sys.argv[1:])
    graphs = [json.loads(path.read_text()) for path in sorted(folder.glob("*.symbols.json"))]
    pages = {path.stem: path.read_text() for path in catalogue.glob("*.md")}
    symbols = sum(len(graph["symbols"]) for graph in graphs)
    if symbols == 0:
        sys.exit("failed: the graphs have no symbol")
    if faults := check(graphs, pages):
        sys.exit("\n".join(faults) + f"\nfailed: {len(faults)} of {symbols} public symbols")
    print(f"docs: {symbols} public symbols are documented")


main()
