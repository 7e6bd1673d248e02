# What the scripts share; to be sourced. It changes to the checkout's root.
set -euo pipefail

unset CDPATH  # or 'cd' would print where it went
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

readonly EXIT_USAGE=64 EXIT_UNAVAILABLE=69

# Progress goes to standard error, each line with the script's name in front.
say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# fail CODE MESSAGE...: the one closing line of a script that did not get through.
fail() {
  local code=$1
  shift
  say "$*"
  exit "$code"
}

# is_there COMMAND
is_there() { command -v "$1" >/dev/null; }

# at_least WANTED VERSION: both dotted numbers.
at_least() { [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# took START: how long it is since SECONDS had that value.
took() {
  local seconds=$((SECONDS - $1))
  if ((seconds < 60)); then printf '%d s' "$seconds"
  else printf '%d min %02d s' $((seconds / 60)) $((seconds % 60)); fi
}

# The example's own environment; the pipeline files name it.
readonly CLIMATE_ENVIRONMENT=.venv-climate
# The executable that scripts/demo builds and the examples are tested with.
readonly RELEASE_EXECUTABLE=.build/release/headrace
