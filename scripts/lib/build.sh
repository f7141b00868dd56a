# The Swift programs.
# shellcheck shell=bash

# What is tested and measured is what is shipped: programs that carry the Swift runtime, so that a target machine needs
# none, and that are optimised across modules (both together: a quarter less CPU a call in scripts/bench).
release_options=(-c release --static-swift-stdlib -Xswiftc -cross-module-optimization)

require_swift() {
    command -v swift >/dev/null && return
    die 'Swift 6.2 or later is needed to build Postern, and there is none on PATH: see https://www.swift.org/install'
}

# Builds the release programs when a source is newer than they are.
ensure_build() {
    [[ -n ${POSTERN_BINARIES:-} ]] && return
    built && return
    require_swift
    with_lock build build_release
}

built() {
    local stamp=$repository/.build/release.stamp
    [[ -f $stamp ]] || return 1
    [[ -z $(find "$repository/Sources" "$repository/Package.swift" -newer "$stamp" -print -quit) ]]
}

build_release() {
    built && return
    say "building (swift build -c release); the first time takes some minutes"
    local log=$repository/.build/release.log
    mkdir -p "$repository/.build"
    touch "$repository/.build/release.stamp.new"
    (cd "$repository" && nice swift build "${release_options[@]}") >"$log" 2>&1 || fail_with_log 'swift build' "$log"
    mv "$repository/.build/release.stamp.new" "$repository/.build/release.stamp"
}
