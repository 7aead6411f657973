#!/bin/sh
# Makes what the make targets need, and nothing that is there already: a virtual environment, the packages, a browser.
#
# Usage: scripts/prepare.sh run       what `skyparley` needs ([project] dependencies)
#        scripts/prepare.sh test      that, and what the tests need, without a browser
#        scripts/prepare.sh browser   that, and a Chromium for the browser tests
#
# A stamp inside .venv holds the checksum of pyproject.toml and constraints.txt, the folder and the Python that it was made
# for: a second run costs a few milliseconds, a changed dependency installs again, a moved folder starts afresh.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd -P)
venv=$root/.venv

say() { printf 'skyparley: %s\n' "$*"; }
fail() {
    printf 'skyparley: %s\n' "$*" >&2
    exit 1
}

# The first Python that is new enough and can import $1. Versions with tested packages come first. Each is asked to run,
# because version managers leave commands on the path that only answer "not installed".
find_python() { # $1: modules, with commas
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3 python3.14 python}; do
        if "$name" -c "import sys, $1; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1; then
            printf '%s' "$name"
            return
        fi
    done
}

is_root_on_debian() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1
}

install_system_package() {
    say "Installing the system package $1."
    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
}

make_venv() {
    python=$(find_python ensurepip,venv)
    if [ -z "$python" ]; then
        # Debian and Ubuntu keep the venv module in a package of its own.
        python=$(find_python os)
        [ -n "$python" ] || fail "No Python 3.11 or later was found. Install one, or name it: make demo PYTHON=/path/to/python3"
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        { is_root_on_debian && install_system_package "$package" && [ -n "$(find_python ensurepip,venv)" ]; } ||
            fail "$python cannot make virtual environments. Install its venv module (apt-get install $package), then run this again."
        python=$(find_python ensurepip,venv)
    fi
    say "Making .venv with $("$python" --version 2>&1)."
    rm -rf "$venv"
    "$python" -m venv "$venv" || fail "The virtual environment could not be made; the lines above say why."
}

# What the environment was made for. cksum is in POSIX, so that it is there before anything is installed.
wanted_stamp() {
    printf '%s\n' "$root"
    cat pyproject.toml constraints.txt | cksum
}

install_packages() { # $1: run or test
    stamp=$venv/skyparley-$1.stamp
    # What the tests need includes what the command needs.
    for made in "$stamp" "$venv/skyparley-test.stamp"; do
        if [ -f "$made" ] && [ "$(cat "$made")" = "$(wanted_stamp)" ] && "$venv/bin/python" -c '' 2>/dev/null; then
            return
        fi
    done
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1 || ! venv_is_of_this_folder; then
        make_venv
    fi
    rm -f "$venv"/skyparley-*.stamp
    case $1 in
    run) what=. ;;
    test) what='.[test]' ;;
    esac
    say "Installing the packages of $([ "$1" = run ] && echo "the command" || echo "the tests") into .venv, at the versions of constraints.txt. About a minute."
    # The two variables hold the build tools to the same versions: older pips read the first, newer ones the second.
    PIP_CONSTRAINT=$root/constraints.txt PIP_BUILD_CONSTRAINT=$root/constraints.txt \
        "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -e "$what" ||
        fail "The packages could not be installed; the lines above say why. The package registry must be within reach."
    wanted_stamp >"$stamp"
}

# An environment that was copied or moved with its folder still points at the old place.
venv_is_of_this_folder() {
    [ "$("$venv/bin/python" -c 'import sys; print(sys.prefix)')" = "$venv" ] && head -n 1 "$venv/bin/pip" | grep -qF "$venv/"
}

# tests/browser_support.py alone decides what counts as found. Debian's own package brings its libraries and comes quickly,
# so root on Debian takes that first; Ubuntu's is only a pointer to another installer, so playwright comes first there.
ensure_browser() {
    found=$venv/skyparley-browser.stamp
    if [ -f "$found" ] && [ -x "$(cat "$found")" ]; then return; fi
    if look_for_browser; then return; fi
    say "No Chromium on this machine yet."
    steps="by_playwright by_apt"
    if grep -qx ID=debian /etc/os-release 2>/dev/null; then steps="by_apt by_playwright"; fi
    for step in $steps; do
        if $step && look_for_browser; then return; fi
    done
    "$venv/bin/python" tests/browser_support.py >&2 || exit 1
}

by_apt() {
    is_root_on_debian && install_system_package chromium
}

by_playwright() {
    say "Asking playwright for a Chromium."
    with_deps=
    if is_root_on_debian; then with_deps=--with-deps; fi
    # Where its host is not within reach it would try for many minutes; a browser takes one or two to come.
    # shellcheck disable=SC2086
    PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT=10000 limited 300 "$venv/bin/playwright" install $with_deps chromium \
        >"$venv/playwright.log" 2>&1 || { say "It could not install one; .venv/playwright.log says why." && return 1; }
}

look_for_browser() {
    if path=$("$venv/bin/python" tests/browser_support.py); then
        say "Browser tests use $path."
        printf '%s' "$path" >"$found"
        return 0
    fi
    return 1
}

limited() {
    if command -v timeout >/dev/null 2>&1; then timeout "$@"; else
        shift
        "$@"
    fi
}

case ${1:-} in
run) install_packages run ;;
test) install_packages test ;;
browser)
    install_packages test
    ensure_browser
    ;;
*) fail "usage: scripts/prepare.sh run | test | browser" ;;
esac
