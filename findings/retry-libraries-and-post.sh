#!/usr/bin/env bash
# requests 2.34.2 (urllib3 2.8.0), axios-retry 4.5.0 (axios 1.21.1), got 14.6.6: which failures are tried again, and whether a POST is.
# Expected: a client told to retry three times does so after a 503, keeps off a POST, whose repetition may do the thing twice (RFC 9110,
# 9.2.2), unless an Idempotency-Key makes repeating it safe.
# Seen: (1) requests with max_retries=3 repeats a 503 only if it carries Retry-After; without it the first answer is final.
# (2) No library heeds an Idempotency-Key: a POST that was answered with 503 and Retry-After is never tried again.
# (3) axios-retry sends a POST four times within milliseconds if the connection broke, though the server may have read and done it each
# time; got and requests do not.
# For us: crates/adapters-http/src/errors/answer.rs sends Retry-After with every 429 and 503; docs/api-conventions.md, because a POST
# without an Idempotency-Key can arrive four times, which external_id, not the client, has to catch.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages requests==2.34.2 urllib3==2.8.0
npm_packages axios@1.21.1 axios-retry@4.5.0 got@14.6.6
# Answers /503 and /503-later (with Retry-After), hangs up after having read /cut, and tells at /count how often it was asked since.
cat > server.js <<'END'
import { createServer } from "node:http";
import { writeFileSync } from "node:fs";
let asked = 0;
const answer = (request, response) => {
  if (request.url === "/count") return response.end(String(asked)), (asked = 0);
  asked += 1;
  if (request.url === "/cut") return request.socket.destroy();
  response.writeHead(503, request.url === "/503-later" ? { "Retry-After": "1" } : {}).end();
};
const server = createServer((request, response) => request.resume().on("end", () => answer(request, response)));
server.listen(0, "127.0.0.1", () => writeFileSync("port", String(server.address().port)));
END
cat > ask.js <<'END'
import axios from "axios";
import axiosRetry from "axios-retry";
import got from "got";
const [, , base] = process.argv;
const retrying = axios.create();
axiosRetry(retrying, { retries: 3 });
const headers = { "Idempotency-Key": "k1" };
const clients = {
  "axios-retry": (url, method) => retrying.request({ url, method, headers }),
  got: (url, method) => got(url, { method, headers, retry: { limit: 3, backoffLimit: 100 } }),
};
for (const [name, ask] of Object.entries(clients))
  for (const path of ["/503", "/503-later", "/cut"]) {
    const count = async (method) => (await ask(base + path, method).catch(() => {}), (await fetch(base + "/count")).text());
    console.log(`${name} ${path}: GET ${await count("GET")}, POST ${await count("POST")}`);
  }
END
cat > ask.py <<'END'
import sys
import requests
from requests.adapters import HTTPAdapter
base = sys.argv[1]
session = requests.Session()
session.mount("http://", HTTPAdapter(max_retries=3))
def count(method, path):
    try:
        session.request(method, base + path, headers={"Idempotency-Key": "k1"})
    except requests.RequestException:
        pass
    return requests.get(base + "/count").text

for path in ["/503", "/503-later", "/cut"]:
    print(f"requests {path}: GET {count('GET', path)}, POST {count('POST', path)}")
END
node server.js &
server=$!
trap 'kill "$server"; rm -rf "$work"' EXIT
until [ -s port ]; do sleep 0.1; done
base="http://127.0.0.1:$(cat port)"

echo "input: each client told to retry 3 times, each request with Idempotency-Key: k1; output: how often the server was asked"
conclude 'requests /503: GET 1, POST 1
requests /503-later: GET 4, POST 1
requests /cut: GET 4, POST 1
axios-retry /503: GET 4, POST 1
axios-retry /503-later: GET 4, POST 1
axios-retry /cut: GET 4, POST 4
got /503: GET 4, POST 1
got /503-later: GET 4, POST 1
got /cut: GET 4, POST 1' "$(python ask.py "$base"; node ask.js "$base")"
