#!/usr/bin/env bash
# Every test, in two lanes side by side: what mostly waits (for a browser, for programs that are killed and
# started again) beside what keeps the processors busy.
#
# What meets the store is tested twice: with the embedded one, and with one on another origin; and a third time
# with Garage, where that is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

waiting=(browser process import)
# Of these, most wait for a clock.
sleeping=(api)
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# A run makes and removes some hundred thousand files, and ext4 looks at each that was removed lately before it makes
# another: a third of the processors' time. Where there is room for them in memory, and programs may be started there,
# they are there.
in_memory() {
  local folder=/dev/shm/kinora-tmp room=$((8 * 1024 * 1024)) free_kib available_kib
  free_kib=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) || return 1
  available_kib=$(awk '/^MemAvailable:/ { print $2 }' /proc/meminfo) || return 1
  [ "${free_kib:-0}" -ge "$room" ] && [ "${available_kib:-0}" -ge "$room" ] || return 1
  mkdir -p -m 1777 "$folder" && cp /bin/true "$folder/may-start" && "$folder/may-start" || return 1
  echo "$folder"
}
if [ -z "${TMPDIR:-}" ] && folder=$(in_memory 2>/dev/null); then export TMPDIR=$folder; fi

cargo test --locked --workspace --no-run

# The same packages each time: another choice would be another set of features, and another build.
run() { cargo test --locked --workspace --no-fail-fast "$@"; }
named() { printf -- '--test\n%s\n' "$@"; }

# The names of what is tested, by kind.
targets() {
  cargo metadata --locked --no-deps --format-version 1 | node -e '
    const { packages } = JSON.parse(require("fs").readFileSync(0));
    const wanted = ({ kind, test }) => test && kind.includes(process.argv[1]);
    console.log(packages.flatMap(({ targets }) => targets).filter(wanted).map(({ name }) => name).join("\n"));' "$1"
}
all=$(targets test)
# All programs would be built a second time, for tests that they do not have.
mapfile -t programs < <(targets bin)
mapfile -t busy < <(grep -vxF "$(printf '%s\n' "${waiting[@]}" "${sleeping[@]}")" <<<"$all")

waiting_lane() {
  local failed=
  run $(named "${waiting[@]}") || failed=yes
  # In the whole of Chromium as well, where the others had its headless shell.
  KINORA_BROWSER=chromium TEST_STORE=other run --test browser -- journey || failed=yes
  TEST_STORE=other run --test api -- uploads resume playback quotas leftovers || failed=yes
  if command -v garage >/dev/null; then
    TEST_STORE=garage run --test browser -- journey || failed=yes
    TEST_STORE=garage run --test api -- uploads resume playback quotas leftovers || failed=yes
  fi
  test -z "$failed"
}

busy_lane() {
  local failed=
  RUST_TEST_THREADS=4 run $(named "${sleeping[@]}") || failed=yes
  run --lib $(printf -- '--bin\n%s\n' "${programs[@]}") $(named "${busy[@]}") || failed=yes
  test -z "$failed"
}

failed=
waiting_lane >"$logs/waiting" 2>&1 &
busy_lane 2>&1 | tee "$logs/busy" || failed=yes
wait $! || failed=yes
cat "$logs/waiting"

awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
  END { printf "\nall tests: %d passed, %d failed, %d ignored\n", passed, failed, ignored }' "$logs"/*
test -z "$failed"
