# What up, down and status share. Sourced by them, never run.
set -euo pipefail

FOLDER=${HARNESS_SLURM_DEV:-/var/tmp/harness-slurm}
MARK="$FOLDER/started-by-harness"
HOSTS_MARK="# harness-slurm"
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $1"; shift; for line in "$@"; do say "  $line"; done; exit 1; }

need_root() {
    [ "$(id -u)" = 0 ] || die "the development cluster needs root, and this is $(id -un)" "mend: sudo $0"
}

# Whether the process that a pid file names is alive and is the program that it is said to be.
runs() { # PIDFILE PROGRAM
    local pid
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ]
}

until_true() { # SECONDS WHAT COMMAND...
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { say "error: $what; the last lines of the logs in $FOLDER/log:"; tail -n 4 "$FOLDER"/log/* >&2; return 1; }
        sleep 0.1
    done
}

# Each daemon that this cluster may have: pid file and the name of its process, in the order of starting.
daemons() {
    printf '%s\n' "munged.pid munged" "mariadbd.pid mariadbd" "slurmdbd.pid slurmdbd" "slurmctld.pid slurmctld"
    local pidfile
    for pidfile in "$FOLDER"/run/slurmd.*.pid; do
        [ ! -e "$pidfile" ] || printf '%s\n' "${pidfile##*/} slurmd"
    done
}
