# Sourced by the tests that are run by hand. Builds the program and starts a server on an embedded database in a
# temporary folder, which becomes the working directory; both go when the script ends. From then on `root` is the
# workspace, `address` where the API is, `key` a test key with every right, `coterie` the command line.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
# The build of the other tests: of the server alone, libraries have other features and would be compiled anew.
cargo test --quiet --manifest-path "$root/Cargo.toml" --workspace --test cli --no-run
folder="$(mktemp -d)"
cd "$folder"
export COTERIE__HTTP__ADDR=127.0.0.1:0 COTERIE__OPS__ADDR=127.0.0.1:0 COTERIE__CLICKS__BEACON_PER_MINUTE=10000000
"$root/target/debug/coterie" serve >out 2>log &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 100); do grep -q '^listening' out && break; sleep 0.1; done
address="$(sed -n 's/^listening http=\([^ ]*\) .*/\1/p' out)"
[ -n "$address" ] || { cat log >&2; exit 1; }

coterie() { "$root/target/debug/coterie" "$@"; }
# The text of one member of the JSON object on the input, as the command line prints it.
member() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -1; }
organization="$(coterie org create --name "By hand" --json | member id)"
key="$(coterie keys create --org "$organization" --mode test --name tests --rate-limit 10000000 --json | member key)"
