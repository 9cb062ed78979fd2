#!/usr/bin/env bash
# Installs what Kinora needs and is not there yet; says what it does; does nothing, quickly, when nothing is missing.
#
#   deploy/setup.sh run     to build and serve: ffmpeg, Postgres's programs, Node, a C compiler, the sandbox, the wasm target
#   deploy/setup.sh test    the same, and a browser with its driver and fonts, and a library that makes clocks wrong
#
# KINORA_WASM_TOOLCHAIN=debian   take the wasm target from Debian's packages, without asking rustup
# CARGO_TARGET_DIR               where the choice of the wasm toolchain is remembered for the build
#
# Debian and Ubuntu are served by apt (as root or by sudo), macOS by brew. Elsewhere the script says what to install.
# "Missing" is decided by looking for the programs themselves, never by asking the package manager.
set -euo pipefail

part=${1:-run}
case $part in
  run | test) ;;
  *) echo "usage: deploy/setup.sh run|test" >&2; exit 2 ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target_dir=${CARGO_TARGET_DIR:-$root/target}
wasm_marker=$target_dir/kinora-wasm-toolchain
wasm_target=wasm32-unknown-unknown
system=$(uname -s)
scratch=$(mktemp -d)
restore=()

finish() {
  local undo
  for undo in ${restore[@]+"${restore[@]}"}; do $undo; done
  rm -rf "$scratch"
}
trap finish EXIT

say() { echo "set-up: $*"; }
fail() { echo "set-up: $*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# ---------------------------------------------------------------- what is there

# The highest number of the folders that hold `postgres` under the usual places, or of the one on the PATH.
postgres_major() {
  local program version highest=0
  for program in "$(command -v postgres 2>/dev/null || true)" /usr/lib/postgresql/*/bin/postgres \
    /opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres /usr/pgsql-*/bin/postgres; do
    [ -x "$program" ] || continue
    case $program in
      /usr/lib/postgresql/*) version=${program#/usr/lib/postgresql/}; version=${version%%/*} ;;
      *) version=$("$program" --version 2>/dev/null | sed -E 's/^[^0-9]*([0-9]+).*/\1/') ;;
    esac
    case $version in '' | *[!0-9]*) continue ;; esac
    [ "$version" -le "$highest" ] || highest=$version
  done
  echo "$highest"
}

node_is_new_enough() {
  local version
  have node && have npm || return 1
  version=$(node --version 2>/dev/null) && version=${version#v} && [ "${version%%.*}" -ge 18 ]
}

# True when the given rustc has a compiled standard library for wasm.
has_wasm_std() {
  local folder
  folder=$("$1" --print target-libdir --target "$wasm_target" 2>/dev/null) && compgen -G "$folder/libstd-*.rlib" >/dev/null
}

debian_wasm_is_ready() { [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && has_wasm_std /usr/bin/rustc; }

wasm_is_ready() {
  if [ "${KINORA_WASM_TOOLCHAIN:-}" = debian ]; then
    debian_wasm_is_ready
  elif [ -z "${KINORA_WASM_TOOLCHAIN:-}" ] && [ "$(cat "$wasm_marker" 2>/dev/null)" = debian ] && debian_wasm_is_ready; then
    return 0
  else
    has_wasm_std rustc
  fi
}

has_browser() { have chromium || have chromium-browser || have google-chrome; }
has_wrong_clocks() { compgen -G '/usr/lib*/*/faketime/libfaketimeMT.so.1' >/dev/null; }
has_fonts() { [ "$system" = Darwin ] || [ -n "$(find -L /usr/share/fonts -name '*.[to]tf' -print -quit 2>/dev/null)" ]; }

is_there() {
  case $1 in
    ffmpeg) have ffmpeg && have ffprobe ;;
    postgres) [ "$(postgres_major)" -ge 15 ] ;;
    node) node_is_new_enough ;;
    cc) have cc ;;
    sandbox) [ "$system" != Linux ] || have bwrap ;;
    browser) has_browser ;;
    driver) have chromedriver ;;
    fonts) has_fonts ;;
  esac
}

describe() {
  case $1 in
    ffmpeg) echo "ffmpeg and ffprobe (5.1 or later)" ;;
    postgres) echo "PostgreSQL's server programs (15 or later)" ;;
    node) echo "Node.js (18 or later) with npm" ;;
    cc) echo "a C compiler" ;;
    sandbox) echo "bubblewrap" ;;
    browser) echo "Chromium" ;;
    driver) echo "chromedriver, of Chromium's version" ;;
    fonts) echo "fonts for the browser" ;;
  esac
}

needed=(ffmpeg postgres node cc sandbox)
[ "$part" = run ] || needed+=(browser driver fonts)

list_missing() {
  local thing
  missing=()
  for thing in "${needed[@]}"; do is_there "$thing" || missing+=("$thing"); done
}

# ---------------------------------------------------------------- apt

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
    apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -q "$@" </dev/null
}

apt_install() {
  say "installing with apt: $*"
  apt_get install -y --no-install-recommends "$@" >"$scratch/apt.log" 2>&1 || {
    tail -n 30 "$scratch/apt.log" >&2
    fail "apt could not install $*; its last lines are above"
  }
}

apt_offers() { [ -n "$(apt-cache madison "$1" 2>/dev/null)" ]; }

# What the tests do without where there is none: a package, and what is then done without it.
install_if_offered() {
  have apt-get || return 0
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || return 0
  apt_offers "$1" || return 0
  apt_refresh
  say "installing with apt: $1"
  apt_get install -y --no-install-recommends "$1" >"$scratch/apt.log" 2>&1 ||
    say "apt could not install it; $2"
}

# Debian creates and starts a cluster with the programs unless it is told not to. It is told so only for this install.
apt_install_postgres() {
  local version package= file=/etc/postgresql-common/createcluster.conf
  for version in 18 17 16 15; do
    if apt_offers "postgresql-$version"; then package=postgresql-$version; break; fi
  done
  [ -n "$package" ] || return 0 # said at the end, with what to do
  apt_install postgresql-common
  if as_root test -e "$file"; then
    as_root cp -p "$file" "$scratch/createcluster.conf"
    restore+=(put_back_cluster_settings)
    as_root sed -i -E '/^[[:space:]]*create_main_cluster/d' "$file"
  else
    restore+=(remove_cluster_settings)
  fi
  echo "create_main_cluster = false" | as_root tee -a "$file" >/dev/null
  apt_install "$package"
}
put_back_cluster_settings() { as_root cp -p "$scratch/createcluster.conf" /etc/postgresql-common/createcluster.conf; }
remove_cluster_settings() { as_root rm -f /etc/postgresql-common/createcluster.conf; }

# Ubuntu's chromium is a snap behind another package name.
apt_browser_packages() {
  if apt_offers chromium; then echo chromium; else echo chromium-browser; fi
}
apt_driver_packages() {
  if apt_offers chromium-driver; then echo chromium-driver; else echo chromium-chromedriver; fi
}

# NodeSource's nodejs brings its own npm and refuses Debian's.
apt_node_packages() {
  if apt-cache policy nodejs | grep -q 'Candidate:.*nodesource'; then echo nodejs; else echo nodejs npm; fi
}

apt_refresh() {
  [ -z "${refreshed:-}" ] || return 0
  refreshed=yes
  say "reading the package lists"
  apt_get update >"$scratch/apt.log" 2>&1 || say "apt could not read every list; going on with what there is"
}

install_by_apt() {
  local thing packages=()
  apt_refresh
  for thing in "${missing[@]}"; do
    case $thing in
      ffmpeg) packages+=(ffmpeg) ;;
      node) packages+=($(apt_node_packages)) ;;
      cc) packages+=(gcc libc6-dev) ;;
      sandbox) packages+=(bubblewrap) ;;
      browser) packages+=("$(apt_browser_packages)") ;;
      driver) packages+=("$(apt_driver_packages)") ;;
      fonts) packages+=(fonts-noto-core fonts-dejavu-core) ;;
    esac
  done
  [ ${#packages[@]} = 0 ] || apt_install "${packages[@]}"
  [[ " ${missing[*]} " != *" postgres "* ]] || apt_install_postgres
}

# ---------------------------------------------------------------- brew

install_by_brew() {
  local thing
  for thing in "${missing[@]}"; do
    case $thing in
      ffmpeg | node) say "installing with brew: $thing"; brew install --quiet "$thing" ;;
      postgres) say "installing with brew: postgresql@17 (its service is not started)"; brew install --quiet postgresql@17 ;;
      browser) say "installing with brew: google-chrome"; brew install --quiet --cask google-chrome ;;
      driver) say "installing with brew: chromedriver"; brew install --quiet --cask chromedriver ;;
      cc) fail "there is no C compiler: run  xcode-select --install  and start again" ;;
    esac
  done
}

# ---------------------------------------------------------------- wasm

remember_wasm() {
  mkdir -p "$target_dir"
  if [ "$1" = debian ]; then echo debian >"$wasm_marker"; else rm -f "$wasm_marker"; fi
}

# Debian ships the sources of the standard library but not its wasm build. It is compiled once, with Debian's own
# compiler, and put where that compiler looks.
build_debian_wasm_std() {
  local folder crate=$scratch/wasm-std
  folder=$(/usr/bin/rustc --print target-libdir --target "$wasm_target")
  mkdir -p "$crate/src"
  printf '[package]\nname = "std-carrier"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n' >"$crate/Cargo.toml"
  echo '#![no_std]' >"$crate/src/lib.rs"
  say "compiling Rust's standard library for wasm (about a minute, once)"
  # Embedded bitcode: without it the site's link-time optimisation fails.
  (cd "$crate" && env -u RUSTUP_TOOLCHAIN -u CARGO_BUILD_TARGET -u RUSTC -u RUSTC_WRAPPER \
    PATH=/usr/bin:"$PATH" CARGO_TARGET_DIR="$crate/target" RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
    /usr/bin/cargo build --release --target "$wasm_target" -Zbuild-std=std,panic_abort) >"$scratch/wasm.log" 2>&1 || {
    tail -n 30 "$scratch/wasm.log" >&2
    fail "the standard library for wasm did not compile; the last lines are above"
  }
  as_root mkdir -p "$folder"
  find "$crate/target/$wasm_target/release/deps" -name 'lib*.rlib' ! -name 'libstd_carrier*' -print0 |
    as_root xargs -0 cp -t "$folder"
  # cargo does not notice a replaced standard library.
  rm -rf "${target_dir:?}/$wasm_target"
}

wasm_from_debian() {
  [ "$system" = Linux ] && have apt-get ||
    fail "there is no wasm target for Rust: install it with  rustup target add $wasm_target"
  local linker
  apt_refresh
  # The packaged rust-lld is a link to one version of lld, which the packages only suggest.
  apt_install rustc-web cargo-web rust-web-src rust-web-llvm
  linker=$(dpkg -L rust-web-llvm rustc-web 2>/dev/null | grep -E '/rust-lld$' | head -n 1 || true)
  if [ -n "$linker" ] && [ ! -e "$linker" ]; then
    apt_install "lld-$(readlink "$linker" | sed -E 's/.*[^0-9]([0-9]+)([^0-9]*)$/\1/')"
  fi
  has_wasm_std /usr/bin/rustc || build_debian_wasm_std
}

install_wasm() {
  if [ "${KINORA_WASM_TOOLCHAIN:-}" != debian ]; then
    say "adding Rust's wasm target with rustup"
    if have rustup && rustup target add "$wasm_target" >"$scratch/rustup.log" 2>&1 && has_wasm_std rustc; then
      remember_wasm rustup
      return
    fi
    tail -n 2 "$scratch/rustup.log" 2>/dev/null | sed 's/^/set-up:   /' || true
    say "rustup could not add it; taking Debian's packages instead"
  fi
  wasm_from_debian
  debian_wasm_is_ready || fail "Debian's Rust still has no wasm target; run  rustup target add $wasm_target  by hand"
  remember_wasm debian
}

# ---------------------------------------------------------------- the work

have cargo || fail "Rust is not installed (there is no cargo): get it from https://rustup.rs, open a new shell, and start again"

# The repository may name its own Rust; where rustup may not fetch it by itself, say so before anything else is done.
rustc --version >"$scratch/rustc" 2>&1 || { cat "$scratch/rustc" >&2; fail "rustc does not start; its own words are above"; }

cd "$root"
list_missing
if [ ${#missing[@]} -gt 0 ]; then
  for thing in "${missing[@]}"; do say "missing: $(describe "$thing")"; done
  if [ "$system" = Linux ] && have apt-get; then
    [ "$(id -u)" = 0 ] || have sudo || fail "run this as root, or install sudo, so that apt can install what is missing"
    install_by_apt
  elif [ "$system" = Darwin ] && have brew; then
    install_by_brew
  fi
  list_missing
  if [ ${#missing[@]} -gt 0 ]; then
    for thing in "${missing[@]}"; do
      echo "set-up: install $(describe "$thing"), then start again" >&2
      case $thing in
        postgres) ! have apt-get || echo "set-up:   this system offers none: see https://www.postgresql.org/download/linux/" >&2 ;;
        node) ! have apt-get || echo "set-up:   this system offers only an older one: see https://nodejs.org/en/download" >&2 ;;
      esac
    done
    exit 1
  fi
fi
if [ "$part" = test ]; then
  # The same engine without a desktop, in about half of its processor time.
  have chromium-headless-shell || install_if_offered chromium-headless-shell 'the tests take Chromium itself'
  has_wrong_clocks || install_if_offered libfaketime 'what is tested with clocks that are off is passed over'
fi
wasm_is_ready || install_wasm
