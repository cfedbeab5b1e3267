#!/usr/bin/env bash
# Builds the fuzz targets of the HTTP parser, and runs each for a number of seconds on its corpus.
#     fuzz.sh SECONDS [TARGET ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=$1
shift
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then targets=(REQUESTS RESPONSES CHUNKS); fi
folder=.build-fuzz
mkdir -p "$folder"
sources=(Sources/PelmeniHTTP/Parsing/*.swift Sources/PelmeniHTTP/Writing/*.swift
    Sources/PelmeniHTTP/HTTPLimits.swift Tests/HTTPFuzz/HTTPFuzz.swift)
for target in "${targets[@]}"; do
    swiftc -O -parse-as-library -module-name PelmeniHTTPFuzz -sanitize=fuzzer,address \
        -assert-config Debug -swift-version 6 -package-name pelmeni \
        -enable-upcoming-feature InternalImportsByDefault \
        -D "$target" "${sources[@]}" -o "$folder/$target" 2>&1 | { grep -v "Cannot export local symbol" || true; }
    # What is found goes to a folder of its own: the stored inputs stay as they are.
    mkdir -p "$folder/found-$target"
    "$folder/$target" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 \
        -artifact_prefix="$folder/" "$folder/found-$target" "Tests/HTTPFuzz/corpus/$target" \
        2> "$folder/$target.log" || { tail -40 "$folder/$target.log"; exit 1; }
    echo "$target: $(grep -E 'number_of_executed_units|new_units' "$folder/$target.log" | tr -s '\n ' ' ')"
done
