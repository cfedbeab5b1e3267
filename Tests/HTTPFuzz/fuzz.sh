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
sources=(Sources/PelmeniHTTP/Parsing/*.swift Sources/PelmeniHTTP/Writing/*.swift
    Sources/PelmeniHTTP/HTTPLimits.swift Tests/HTTPFuzz/HTTPFuzz.swift)
# A file of the parser with the target's own: one module, built in seconds.
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
    swiftc -sanitize=fuzzer,address "${objects[@]}" -luring -o "$folder/CONNECTION"
}

for target in "${targets[@]}"; do
    if [[ $target == CONNECTION ]]; then build_connection; else build_parser "$target"; fi
    # What is found goes to a folder of its own: the stored inputs stay as they are.
    mkdir -p "$folder/found-$target"
    "$folder/$target" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 \
        -artifact_prefix="$folder/" "$folder/found-$target" "Tests/HTTPFuzz/corpus/$target" \
        2> "$folder/$target.log" || { tail -40 "$folder/$target.log"; exit 1; }
    echo "$target: $(grep -E 'number_of_executed_units|new_units' "$folder/$target.log" | tr -s '\n ' ' ')"
done
