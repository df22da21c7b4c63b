#!/usr/bin/env bash
# PgBouncer 1.18.0 (Debian 12), transaction mode: what a client sets at the start of a connection is refused or lost, what it sets
# later is left to others.
# Expected: a pooler hands on what the client sends in `options`, as PostgreSQL's protocol has it, or refuses it; and a client that comes
# anew finds nothing of another's (pgbouncer.org/features.html says that SET and session locks do not work in this mode, not whom they meet).
# Seen: (1) `options` is refused. (2) With the usual remedy, ignore_startup_parameters = options, the connection succeeds and every setting
# in it is lost without a word: no statement_timeout at all. (3) What the first client SET, and the advisory lock that it took, are still
# there for the second, after the first has hung up.
# For us: crates/adapters-postgres/src/connect.rs sends all its limits in `options`, crates/adapters-postgres/src/migrate.rs holds an
# advisory lock of the session: both want PostgreSQL itself, or a pooler in session mode that hands the options on.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

# The packages are unpacked here, not installed. PostgreSQL refuses to run as root.
debs=(postgresql-15 postgresql-client-15 libpq5 pgbouncer=1.18.0-1+deb12u1 libevent-2.1-7 libc-ares2)
apt-get download -qq "${debs[@]}" 2> download.log || { cat download.log >&2; exit 1; }
for deb in *.deb; do dpkg -x "$deb" root; done
bin=$work/root/usr/lib/postgresql/15/bin
export LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
chmod 755 .
mkdir --mode=777 run
unprivileged() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; else "$@"; fi; }

pool_start() { # LINE...: the settings that differ
  printf '%s\n' '[databases]' "postgres = host=$work/run port=54329" '[pgbouncer]' "unix_socket_dir = $work/run" 'listen_port = 54330' \
    'auth_type = trust' "auth_file = $work/users" 'pool_mode = transaction' 'default_pool_size = 1' \
    "pidfile = $work/run/pool.pid" "$@" > pool.ini
  unprivileged root/usr/sbin/pgbouncer -q -d pool.ini
  until [ -S run/.s.PGSQL.54330 ] && [ -s run/pool.pid ]; do sleep 0.1; done
}
pool_stop() {
  if [ -s run/pool.pid ]; then kill "$(cat run/pool.pid)"; fi
  while [ -e run/pool.pid ]; do sleep 0.1; done
}
ask() { # PORT SQL [SETTING]: what a new client is told
  "$bin/psql" "host=$work/run port=$1 user=u dbname=postgres ${3-}" -qAtc "$2" 2>&1 | sed 's/.*FATAL: */FATAL: /' || true
}

echo '"u" ""' > users
unprivileged "$bin/initdb" -D run/data -U u -A trust > /dev/null
unprivileged "$bin/pg_ctl" -D run/data -l run/server.log -w -o "-p 54329 -k $work/run -c listen_addresses=" start > /dev/null
trap 'pool_stop; unprivileged "$bin/pg_ctl" -D run/data -m fast stop > /dev/null; rm -rf "$work"' EXIT

limit="options='-c statement_timeout=1234'"
shown='SHOW statement_timeout'
locks="SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
echo "versions: $("$bin/postgres" --version), $(root/usr/sbin/pgbouncer --version | head -1)"
echo "input: a connection with $limit, then $shown; SET statement_timeout = 777 and pg_advisory_lock(1), then another client"
seen="PostgreSQL itself: $(ask 54329 "$shown" "$limit")"
pool_start
seen+="
PgBouncer: $(ask 54330 "$shown" "$limit")"
pool_stop
pool_start 'ignore_startup_parameters = options'
seen+="
PgBouncer that ignores options: $(ask 54330 "$shown" "$limit")"
ask 54330 'SET statement_timeout = 777; SELECT pg_advisory_lock(1)' > /dev/null
seen+="
the next client: statement_timeout $(ask 54330 "$shown"), advisory locks of others $(ask 54330 "$locks")"

conclude 'PostgreSQL itself: 1234ms
PgBouncer: FATAL: unsupported startup parameter: options
PgBouncer that ignores options: 0
the next client: statement_timeout 777ms, advisory locks of others 1' "$seen"
