#!/bin/sh
# The query data in .sqlx, with which the checked SQL compiles without a database.
#
#   scripts/sqlx-data.sh prepare    writes it anew
#   scripts/sqlx-data.sh check      fails when it is not up to date
#
# Does what `cargo sqlx prepare --workspace` does, on a Postgres of its own that is gone afterwards.
set -eu
cd "$(dirname "$0")/.."

case ${1-} in
prepare | check) job=$1 ;;
*)
    sed -n 's/^# \{0,1\}//; 2,6p' "$0" >&2
    exit 2
    ;;
esac

# The newest Postgres of the distribution, or the one on PATH.
pg_bin=${TRAINER_PG_BIN:-}
if [ -z "$pg_bin" ]; then
    initdb=$(command -v initdb || ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$initdb" ]; then
        echo "no initdb: install Postgres, or name its folder of programs in TRAINER_PG_BIN" >&2
        exit 1
    fi
    # Some of the programs may be linked into a folder on PATH; all of them lie where the links point to.
    pg_bin=$(dirname "$(readlink -f "$initdb")")
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/running-trainer-sqlx-XXXXXX")
chmod 755 "$work"
mkdir "$work/server" "$work/found"

# Postgres does not run as root.
if [ "$(id -u)" -eq 0 ]; then
    account=nobody
    if id postgres >/dev/null 2>&1; then account=postgres; fi
    chown "$account" "$work/server"
    unprivileged() { setpriv --reuid="$account" --regid="$(id -g "$account")" --clear-groups "$@"; }
else
    unprivileged() { "$@"; }
fi

started=
clean_up() {
    if [ -n "$started" ]; then
        unprivileged "$pg_bin/pg_ctl" -D "$work/server/data" -m immediate stop >/dev/null 2>&1 || true
    fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Only a socket in a folder of our own: no port to find, and nobody else comes in.
(
    cd "$work/server"
    unprivileged "$pg_bin/initdb" -D data -U trainer -A trust -E UTF8 --locale=C --no-sync >initdb.log 2>&1 || {
        cat initdb.log >&2
        exit 1
    }
)
started=yes
(
    cd "$work/server"
    unprivileged "$pg_bin/pg_ctl" -D data -l "$work/server/postgres.log" -w -s \
        -o "-c listen_addresses='' -c unix_socket_directories='$work/server' -c fsync=off" start || {
        cat postgres.log >&2
        exit 1
    }
)

psql() { "$pg_bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work/server" -U trainer "$@"; }
psql -d postgres -c 'create database trainer'
for migration in migrations/*.sql; do
    psql -d trainer -f "$migration"
done

# A macro leaves its data only when it runs: every crate of the workspace must look changed.
find . \( -name target -o -name '.*' ! -name . \) -prune -o -path '*/src/*' \
    \( -name lib.rs -o -name main.rs \) -exec touch {} +
host=$(printf '%s' "$work/server" | sed 's|%|%25|g; s|/|%2F|g')
DATABASE_URL="postgres://trainer@$host/trainer" SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$work/found" \
    cargo check --workspace

count=$(find "$work/found" -name 'query-*.json' | wc -l)
if [ "$count" -eq 0 ]; then
    echo "no macro has left its data: this script and sqlx do not fit together any more" >&2
    exit 1
fi

case $job in
prepare)
    mkdir -p .sqlx
    rm -f .sqlx/query-*.json
    cp "$work"/found/query-*.json .sqlx/
    echo ".sqlx holds the data of $count queries"
    ;;
check)
    if ! diff -rq .sqlx "$work/found"; then
        echo ".sqlx is not up to date: run \`make sqlx-prepare\` and commit it" >&2
        exit 1
    fi
    echo ".sqlx is up to date, $count queries"
    ;;
esac
