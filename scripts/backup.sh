#!/bin/sh
# Backs up the private cluster and the master key while the trainer runs, into a new folder:
#
#   scripts/backup.sh /backups/trainer-2027-03-06
#
# docs/OPERATIONS.md says how to restore it. NATS needs no backup: the relay fills it from Postgres.
set -eu

if [ $# -ne 1 ]; then
    sed -n 's/^# \{0,1\}//; 2,6p' "$0" >&2
    exit 2
fi
target=$1
data=${TRAINER_DATA_DIR:-.trainer}
servers=$data
if [ -L "$data/servers" ]; then servers=$(readlink "$data/servers"); fi
cluster=$servers/postgres

port=$(sed -n 's/.*"postgres": *\([0-9][0-9]*\).*/\1/p' "$data/ports.json" 2>/dev/null || true)
if [ -z "$port" ] || [ ! -r "$cluster/running-trainer.password" ]; then
    echo "there is no private cluster in $data that this account can read" >&2
    exit 1
fi

# The programs of the version that made the cluster.
version=$(cat "$cluster/PG_VERSION")
pg_bin=${TRAINER_PG_BIN:-/usr/lib/postgresql/$version/bin}
if [ ! -x "$pg_bin/pg_basebackup" ]; then pg_bin=$(dirname "$(command -v pg_basebackup)"); fi

umask 077
mkdir "$target"
PGPASSWORD=$(cat "$cluster/running-trainer.password") "$pg_bin/pg_basebackup" \
    --host=127.0.0.1 --port="$port" --username=supervisor --pgdata="$target/postgres" --checkpoint=fast
if [ -e "$data/master.key" ]; then cp -p "$data/master.key" "$target/master.key"; fi
echo "backed up to $target"
