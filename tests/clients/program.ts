// A shop's first steps with a client that is typed by the API document.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const client = createClient<paths>({
  baseUrl: process.env["COTERIE_ADDRESS"] ?? "",
  headers: { Authorization: `Bearer ${process.env["COTERIE_KEY"] ?? ""}` },
});

type Answer<T> = { data?: T; error?: components["schemas"]["ErrorResponse"] };

function taken<T>({ data, error }: Answer<T>): T {
  assert.ok(data !== undefined, error?.error.message ?? "an answer without a body");
  return data;
}

const affiliate: components["schemas"]["Affiliate"] = taken(
  await client.POST("/api/v1/affiliates", { body: { email: "ada@example.com", status: "approved" } }),
);
const parent: string | null = affiliate.parent_affiliate_id;
assert.equal(parent, null);

const event = taken(
  await client.POST("/api/v1/events", {
    body: { type: "purchase", external_id: "ts-1", amount: 49.99, affiliate_id: affiliate.id },
  }),
);
assert.equal(event.commissions[0]?.affiliate_id, affiliate.id);

const list = taken(
  await client.GET("/api/v1/commissions", { params: { query: { affiliate_id: affiliate.id, limit: 10 } } }),
);
const amounts: number[] = list.data.map((commission) => commission.amount);
assert.equal(amounts.length, 1);
assert.equal(list.next_cursor, null);

const batch = taken(
  await client.POST("/api/v1/events/batch", { body: { events: [{ type: "purchase", external_id: "" }] } }),
);
assert.equal(batch.outcomes[0]?.error?.code, "INVALID_INPUT");

const { error } = await client.GET("/api/v1/affiliates/{id}", { params: { path: { id: "aff_unknown" } } });
assert.equal(error?.error.code, "NOT_FOUND");

const order = taken(
  await client.POST("/api/v1/orders", { body: { amount: 4000, customerEmail: "bo@example.com", clientReferenceId: "ts-1" } }),
);
assert.match(order.id, /^ord_/);
console.log("openapi-typescript: ok");
