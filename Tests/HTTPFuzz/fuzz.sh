#!/usr/bin/env bash
# Builds the fuzz targets of HTTP, and runs each for a number of seconds on its corpus.
#     fuzz.sh SECONDS [TARGET ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=$1
shift
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then targets=(REQUESTS RESPONSES CHUNKS CONNECTION); fi
folder=.build-fuzz
mkdir -p "$folder"
# libFuzzer tells of a crash; Swift's own report would take minutes with so large a program.
export SWIFT_BACKTRACE=enable=no
# Files of the parser and the writer, but for those that stand on the engine, and the target's own: one
# module, built in seconds.
mapfile -t sources < <(grep -L "import Pelmeni$" Sources/PelmeniHTTP/{Parsing,Writing}/*.swift
    echo Sources/PelmeniHTTP/HTTPLimits.swift Tests/HTTPFuzz/HTTPFuzz.swift | tr ' ' '\n')
build_parser() {
    swiftc -O -parse-as-library -module-name PelmeniHTTPFuzz -sanitize=fuzzer,address \
        -assert-config Debug -swift-version 6 -package-name pelmeni \
        -enable-upcoming-feature InternalImportsByDefault \
        -D "$1" "${sources[@]}" -o "$folder/$1" 2>&1 | { grep -v "Cannot export local symbol" || true; }
}

# The whole engine, instrumented. SwiftPM links no target of libFuzzer, whose `main` is in its library.
build_connection() {
    local build="$folder/package"
    swift build -c release --target HTTPChaos --scratch-path "$build" \
        -Xswiftc -sanitize=fuzzer,address -Xswiftc -assert-config -Xswiftc Debug \
        -Xcc -fsanitize=address >"$folder/build.log" || { tail -20 "$folder/build.log"; return 1; }
    local objects
    mapfile -t objects < <(find -L "$build/release/" -path '*/[A-Z]*.build/*.o' \
        -regex '.*/\(CPelmeni\|PelmeniCore\|PelmeniRuntime\|Pelmeni\|PelmeniHTTP\|PelmeniTesting\|HTTPChaos\).build/.*')
    swiftc -sanitize=fuzzer,address "${objects[@]}" -luring -o "$folder/CONNECTION" 2>&1 |
        { grep -v "Cannot export local symbol" || true; }
}

for target in "${targets[@]}"; do
    options=(-max_len=4096)
    leaks=1
    if [[ $target == CONNECTION ]]; then
        build_connection
        # A server's texts are never freed. Each input runs twice through the engine: short ones do.
        options=(-max_len=1024 -timeout=20 -detect_leaks=0)
        leaks=0
    else
        build_parser "$target"
    fi
    # What is found goes to a folder of its own: the stored inputs stay as they are.
    mkdir -p "$folder/found-$target"
    ASAN_OPTIONS=detect_leaks=$leaks "$folder/$target" -max_total_time="$seconds" "${options[@]}" -print_final_stats=1 \
        -artifact_prefix="$folder/" "$folder/found-$target" "Tests/HTTPFuzz/corpus/$target" \
        2> "$folder/$target.log" ||
        { grep -a "Fatal error" "$folder/$target.log"; tail -40 "$folder/$target.log"; exit 1; }
    echo "$target: $(grep -E 'number_of_executed_units|new_units' "$folder/$target.log" | tr -s '\n ' ' ')"
done
