#!/bin/sh
# Makes sure that everything the trainer is built and run with is there: Rust, a C compiler, and the
# programs of Postgres and nats-server. On Debian and Ubuntu it installs what is missing, as root or
# through sudo where that asks no password. Elsewhere it says what to install.
#
# The Postgres and NATS packages bring services of their own, which the trainer does not use: they are
# neither set up nor started.
set -eu
cd "$(dirname "$0")/.."

# The same places, in short, that the trainer searches.
has_postgres() {
    for folder in ${TRAINER_PG_BIN:+"$TRAINER_PG_BIN"} /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
        /usr/libexec/postgresql* /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
        /Applications/Postgres.app/Contents/Versions/*/bin /usr/local/pgsql/bin; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then return 0; fi
    done
    command -v initdb >/dev/null && command -v postgres >/dev/null
}

has_nats_server() {
    for program in ${TRAINER_NATS_SERVER:+"$TRAINER_NATS_SERVER"} /usr/sbin/nats-server \
        /usr/local/sbin/nats-server /opt/homebrew/bin/nats-server; do
        if [ -x "$program" ]; then return 0; fi
    done
    command -v nats-server >/dev/null
}

check_rust() {
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
    if ! command -v cargo >/dev/null || ! command -v rustc >/dev/null; then
        cat >&2 <<END
Rust is missing. Install version $wanted or newer, as https://rustup.rs says:
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
then open a new terminal and try again.
END
        exit 1
    fi
    found=$(rustc --version | sed 's/^rustc \([0-9.]*\).*/\1/')
    oldest=$(printf '%s\n%s\n' "$wanted" "$found" | sort -t. -k1,1n -k2,2n -k3,3n | head -n 1)
    if [ "$oldest" != "$wanted" ] && [ "$oldest" != "$wanted.0" ]; then
        echo "Rust $found is too old: version $wanted or newer is needed. Try: rustup update stable" >&2
        exit 1
    fi
}

# Runs a command as root; fails where that would take a password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

policy=/usr/sbin/policy-rc.d
no_cluster=/etc/postgresql-common/createcluster.d/running-trainer.conf
made_policy=
made_no_cluster=

undo_precautions() {
    if [ -n "$made_policy" ]; then as_root rm -f "$policy"; made_policy=; fi
    if [ -n "$made_no_cluster" ]; then as_root rm -f "$no_cluster"; made_no_cluster=; fi
}

# For the time of the installation: no service is started, no Postgres cluster is made.
take_precautions() {
    trap undo_precautions EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    if [ ! -e "$policy" ]; then
        made_policy=yes
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
    fi
    if [ ! -e "$no_cluster" ]; then
        made_no_cluster=yes
        as_root sh -c "mkdir -p $(dirname $no_cluster) && echo 'create_main_cluster = false' >$no_cluster"
    fi
}

# Installs Debian packages without a question.
install() {
    echo "Installing $*"
    take_precautions
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
    case " $* " in
    *" nats-server "*)
        # Not at the next boot either.
        if command -v systemctl >/dev/null; then as_root systemctl disable --quiet nats-server || true; fi
        ;;
    esac
    undo_precautions
}

check_rust
packages=
command -v cc >/dev/null || packages="gcc libc6-dev"
has_postgres || packages="$packages postgresql"
has_nats_server || packages="$packages nats-server"
# Tests read PDFs back with it.
# Where it cannot be installed they are skipped.
if ! command -v pdftotext >/dev/null && command -v apt-get >/dev/null && can_be_root; then
    packages="$packages poppler-utils"
fi
[ -n "$packages" ] || exit 0

# A list of words from here on.
# shellcheck disable=SC2086
set -- $packages
if command -v apt-get >/dev/null && can_be_root; then
    install "$@"
    exit 0
fi

echo "These are missing: $*" >&2
if command -v apt-get >/dev/null; then
    echo "Install them with: sudo apt-get install --no-install-recommends $*" >&2
else
    cat >&2 <<'END'
Install them with
    Fedora    sudo dnf install gcc postgresql-server, and nats-server from https://nats.io/download
    macOS     xcode-select --install; brew install postgresql nats-server
or say where they are: TRAINER_PG_BIN=<folder> TRAINER_NATS_SERVER=<file>
END
fi
exit 1
