#!/usr/bin/env bash
# npm standardwebhooks 1.1.1, @shopify/shopify-api 13.1.0: a true signature is refused if headers or body come from fetch.
# Expected: a verifier of the platform's own language takes what its servers hand over today: a Request with `headers` (Headers) and
# `arrayBuffer()` (fetch.spec.whatwg.org), as Next.js, Hono, Deno and workers do. Seen: a Headers object reads as an object without fields:
# standardwebhooks says "Missing required headers", Shopify "missing_hmac", though all are there. With a body of bytes Shopify says
# "invalid_hmac", as of a wrong secret; standardwebhooks says what it wants; stripe 23.1.0 takes it.
# For us: docs/departures.md (webhooks are to follow): a receiver is shown `await request.text()` and Object.fromEntries(request.headers),
# and "invalid" in a receiver's log is not yet a wrong secret.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
npm_packages standardwebhooks@1.1.1 @shopify/shopify-api@13.1.0 stripe@23.1.0

conclude 'standardwebhooks, text and object: verified
standardwebhooks, text and Headers: Missing required headers
standardwebhooks, bytes and object: Expected payload to be of type string or Buffer.
shopify, text and object: verified
shopify, text and Headers: missing_hmac
shopify, bytes and object: invalid_hmac
stripe, bytes: verified' "$(node --input-type=module <<'END'
import "@shopify/shopify-api/adapters/node";
import { createHmac } from "node:crypto";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";

const body = '{"id":"evt_1","object":"event","amount":"12.50"}';
const now = new Date();
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const signed = {
  "webhook-id": "msg_1",
  "webhook-timestamp": String(Math.floor(now / 1000)),
  "webhook-signature": new Webhook(secret).sign("msg_1", now, body),
};
const shop = shopifyApi({
  apiKey: "k", apiSecretKey: secret, hostName: "app.example", isEmbeddedApp: false, scopes: [], logger: { level: 0 },
  apiVersion: Object.values(ApiVersion)[0],
});
const sent = {
  "x-shopify-hmac-sha256": createHmac("sha256", secret).update(body).digest("base64"),
  "x-shopify-topic": "orders/paid", "x-shopify-shop-domain": "alice.myshopify.com", "x-shopify-api-version": "2026-07",
  "x-shopify-webhook-id": "w1",
};
const verifiers = {
  standardwebhooks: [signed, (text, headers) => new Webhook(secret).verify(text, headers)],
  shopify: [sent, async (rawBody, headers) => {
    const { valid, reason } = await shop.webhooks.validate({ rawBody, rawRequest: { headers } });
    if (!valid) throw new Error(reason);
  }],
};
const tell = async (verify, ...given) => {
  try { await verify(...given); return "verified"; } catch (error) { return error.message; }
};
const bytes = new TextEncoder().encode(body);
for (const [name, [headers, verify]] of Object.entries(verifiers)) {
  console.log(`${name}, text and object: ${await tell(verify, body, headers)}`);
  console.log(`${name}, text and Headers: ${await tell(verify, body, new Headers(headers))}`);
  console.log(`${name}, bytes and object: ${await tell(verify, bytes, headers)}`);
}
const { webhooks } = new Stripe("sk_test_1");
const header = webhooks.generateTestHeaderString({ payload: body, secret });
console.log(`stripe, bytes: ${await tell(() => webhooks.constructEvent(bytes, header, secret))}`);
END
)"
