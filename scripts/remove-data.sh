#!/bin/sh
# Removes the data folder of the private servers: accounts, plans, runs, everything. Refuses while a
# server still runs on it.
set -eu
cd "$(dirname "$0")/.."

data=${TRAINER_DATA_DIR:-.trainer}
if [ ! -e "$data" ]; then
    echo "there is no data in $data"
    exit 0
fi
# Nothing but what the trainer makes there: a wrong TRAINER_DATA_DIR must not cost a home folder.
for entry in "$data"/* "$data"/.[!.]*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    case ${entry##*/} in
    lock | ports.json | master.key | master.key.* | servers | postgres | nats | logs | run | postgres.unfinished-*) ;;
    *)
        echo "$data holds $entry, which is not the trainer's: nothing is removed" >&2
        exit 1
        ;;
    esac
done

# Started as root, the servers may keep their files in another folder, which a link points to.
servers=$(cd "$data" && pwd -P)
elsewhere=
if [ -L "$data/servers" ]; then
    elsewhere=$(readlink "$data/servers")
    servers=$elsewhere
fi

refuse() {
    echo "$1 still runs on $data: stop the trainer first (Ctrl-C, or kill its process)" >&2
    exit 1
}

if command -v flock >/dev/null && [ -e "$data/lock" ] && ! flock --nonblock "$data/lock" true; then
    refuse "a trainer"
fi
if [ -r "$servers/postgres/postmaster.pid" ]; then
    pid=$(head -n 1 "$servers/postgres/postmaster.pid")
    # The id of a server that was killed may be another program's by now.
    if ps -p "$pid" -o args= 2>/dev/null | grep -qF -- "-D $servers/postgres"; then refuse "Postgres"; fi
fi
if ps -A -o args= | grep -F -- "--config $servers/nats/server.conf" | grep -qv grep; then
    refuse "nats-server"
fi

if [ -n "$elsewhere" ] && [ -e "$elsewhere" ]; then
    # It says whose it is.
    if [ "$(cat "$elsewhere/origin" 2>/dev/null)" != "$(cd "$data" && pwd -P)" ]; then
        echo "$elsewhere belongs to another data folder: nothing is removed" >&2
        exit 1
    fi
    rm -rf -- "$elsewhere"
fi
rm -rf -- "$data"
echo "$data is removed"
