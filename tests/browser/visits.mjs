// What the tracker does in a browser, visit by visit (docs/tracker.md). Started by `run`.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { Browser } from "./browser.mjs";
import { openShop } from "./shop.mjs";

const { ADDRESS, KEY, PICTURES } = process.env;
const BEACON = "/api/t/click";
const GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true })";
const DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => '1' })";
// As a browser that prerenders the page, until the visitor comes.
const PRERENDERED = `
  let waits = true;
  Object.defineProperty(Document.prototype, "prerendering", { get: () => waits });
  window.comes = () => {
    waits = false;
    document.dispatchEvent(new Event("prerenderingchange"));
  };`;
const KNOWN = "abcdefghijklmnopqrstuvwxyz012345";
// Ends a wait for what never comes.
const within = { timeout: 60_000 };

// A page without the tracker, as a blog has, and one of the shop where consent is required.
const [BLOG, ASK] = ["/blog/", "/ask/"];

let browser, shop, merchant, affiliate, link, orders = 0;

async function api(method, path, body) {
  const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
  const response = await fetch(`${ADDRESS}/api/v1/${path}`, { method, headers, body: JSON.stringify(body) });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

// Posts a purchase as the shop does; answers with the slug of the affiliate whose commission it made, or null.
async function earnedBy(session) {
  const sale = { type: "purchase", amount: 50, external_id: `order-${++orders}`, cookie_id: session };
  const { attributed, affiliate_id, commissions } = await api("POST", "events", sale);
  assert.equal(attributed, commissions.length > 0);
  if (!attributed) return null;
  const { data } = await api("GET", `commissions?order_id=${sale.external_id}`);
  assert.deepEqual(data.map((row) => [row.affiliate_id, Number(row.amount)]), [[affiliate_id, 10]]);
  return (await api("GET", `affiliates/${affiliate_id}`)).slug;
}

// What a page knows of the session: the cookie, what the tracker says of it, and the address bar.
async function known(page, origin = shop.plain) {
  // First in the page: it waits for its own writes, which the browser's view of the cookies does not.
  const session = await page.evaluate("coterie.session()");
  const [cookie, ...more] = (await page.cookies(origin)).filter(({ name }) => name === "_cobz_sess");
  assert.deepEqual(more, []);
  assert.equal(session, cookie?.value ?? null);
  assert.deepEqual(page.faults, []);
  return { cookie, session, address: await page.evaluate("location.href") };
}

async function keepPicture(page, name) {
  if (PICTURES) writeFileSync(path.join(PICTURES, `${name}.png`), await page.picture());
}

// The tag in a page of the shop; /days/N has N in data-window.
function tag(page) {
  if (page === BLOG) return "";
  const [, days] = page.match("^/days/(.*)$") ?? [];
  const wish = days ? `data-window="${days}"` : page === ASK ? 'data-consent="required"' : "";
  const script = `<script async src="${ADDRESS}/t.js" data-merchant="${merchant}" ${wish}></script>`;
  return page === "/twice/" ? script + script : script;
}

function lasts(cookie, days) {
  assert.ok(Math.abs(cookie.expires - Date.now() / 1000 - days * 86_400) < 3_600, `${days} days: ${cookie.expires}`);
}

before(async () => {
  merchant = (await api("GET", "settings")).slug;
  affiliate = (await api("POST", "affiliates", { email: "alice@example.com", slug: "alice" })).slug;
  link = `${ADDRESS}/r/${merchant}/${affiliate}`;
  shop = await openShop(tag);
  await api("PATCH", "settings", { landing_url: `${shop.plain}/start?a=1&b=2#there` });
  browser = new Browser(mkdtempSync(path.join(process.cwd(), "profile-")));
});

after(async () => {
  await browser?.close();
  shop?.close();
});

test("a link leads to the shop, which learns the session", within, async () => {
  const page = await browser.visitor();
  await page.open(shop.plain + BLOG);
  await page.follow(link);
  const { cookie, session, address } = await known(page);
  assert.ok(page.requests.some(({ url }) => url.includes(`&_cobz_sess=${session}`)), "the redirect brought it");
  assert.equal(address, `${shop.plain}/start?a=1&b=2#there`);
  assert.deepEqual([cookie.domain, cookie.path, cookie.sameSite, cookie.secure], ["localhost", "/", "Lax", false]);
  lasts(cookie, 90);
  assert.equal(page.sent(BEACON).length, 0, "the redirect has kept the click");
  await keepPicture(page, "link");
  assert.equal(await earnedBy(session), affiliate);
});

test("a visit with ?ref= is reported", within, async () => {
  const page = await browser.visitor();
  const utm = "utm_source=mail%0A%F0%9F%92%8C&utm_campaign=" + "x".repeat(300);
  const target = `${shop.plain}/start?q=s%65cret&ref=alice&${utm}#top`;
  await page.open(`${shop.plain}${BLOG}?q=secret`);
  await page.follow(target);
  const { session, address } = await known(page);
  assert.match(session, /^[0-9A-Za-z]{32}$/);
  assert.equal(address, target, "nothing is taken out");
  const { method, url, status, body } = await page.answered(BEACON);
  assert.deepEqual([method, url, status], ["POST", ADDRESS + BEACON, 204]);
  assert.deepEqual(JSON.parse(body), {
    merchant, session, ref: "alice", url: `${shop.plain}/start`, referrer: shop.plain + BLOG,
    utm_source: "mail💌", utm_campaign: "x".repeat(255),
  });
  await keepPicture(page, "ref");
  assert.equal(await earnedBy(session), affiliate);
  await page.open(`${shop.plain}/?aff=alice`);
  assert.equal((await known(page)).session, session, "the same visitor");
});

test("the shop says for how long, up to a year", within, async () => {
  for (const [wish, days] of [["30", 30], ["0.5", 1], ["3650", 365], ["0", 90], ["-7", 90], ["soon", 90]]) {
    const page = await browser.visitor();
    await page.open(`${shop.plain}/days/${wish}?ref=alice`);
    lasts((await known(page)).cookie, days);
  }
});

test("without sendBeacon the click is fetched there", within, async () => {
  const page = await browser.visitor({ script: "Navigator.prototype.sendBeacon = () => false" });
  await page.open(`${shop.plain}/?cobz=alice`);
  const { session } = await known(page);
  const [{ method, status }, ...more] = [await page.answered(BEACON), ...page.sent(BEACON).slice(1)];
  assert.deepEqual([method, status, more], ["POST", 204, []], "no preflight");
  assert.equal(await earnedBy(session), affiliate);
});

test("over HTTPS the cookie is secure", within, async () => {
  const page = await browser.visitor();
  await page.open(`${shop.secure}/?ref=alice`);
  const { cookie, session } = await known(page, shop.secure);
  assert.ok(cookie.secure);
  assert.equal((await page.answered(BEACON)).status, 204);
  assert.equal(await earnedBy(session), affiliate);
});

for (const [name, header, script] of [["Global Privacy Control", "Sec-GPC", GPC], ["Do Not Track", "DNT", DNT]]) {
  test(`with ${name} there is no cookie and no click`, within, async () => {
    const page = await browser.visitor({ headers: { [header]: "1" }, script });
    await page.open(link);
    assert.equal((await known(page)).address, `${shop.plain}/start?a=1&b=2#there`, "still redirected");
    for (const query of [`?ref=alice`, `?_cobz_sess=${KNOWN}`]) {
      await page.open(shop.plain + "/" + query);
      await page.evaluate("coterie.consent(true)");
      const { cookie, session, address } = await known(page);
      assert.deepEqual([cookie, session], [undefined, null]);
      assert.ok(!address.includes("_cobz_sess"), address);
    }
    assert.deepEqual([await page.cookies(ADDRESS), page.sent(BEACON)], [[], []]);
    assert.equal(await earnedBy(KNOWN), null);
    await keepPicture(page, header);
  });

  test(`${name}, once switched on, takes away what was kept`, within, async () => {
    const page = await browser.visitor();
    await page.open(`${shop.plain}/?ref=alice`);
    assert.ok((await known(page)).cookie);
    await page.call("Page.addScriptToEvaluateOnNewDocument", { source: script });
    await page.open(`${shop.plain}/`);
    assert.equal((await known(page)).cookie, undefined);
  });
}

test("consent is waited for where the shop says so", within, async () => {
  const page = await browser.visitor();
  await page.open(`${shop.plain}${ASK}?ref=alice`);
  assert.deepEqual([(await known(page)).cookie, page.sent(BEACON)], [undefined, []]);
  await page.evaluate("coterie.consent(true)");
  const { session } = await known(page);
  assert.equal((await page.answered(BEACON)).status, 204);
  assert.equal(await earnedBy(session), affiliate);
  await page.open(`${shop.plain}${ASK}`);
  assert.equal((await known(page)).session, session, "kept with consent, it stays while the next page asks");
  await page.evaluate("coterie.consent(false)");
  assert.equal((await known(page)).cookie, undefined);
});

test("a session that came by the link waits for consent too", within, async () => {
  const page = await browser.visitor();
  await page.open(`${shop.plain}${ASK}?a=1&_cobz_sess=${KNOWN}&b#c`);
  const { cookie, address } = await known(page);
  assert.deepEqual([cookie, address], [undefined, `${shop.plain}${ASK}?a=1&b#c`]);
  for (const [answer, kept] of [["false", null], ["true", KNOWN], ["false", null], ["true", KNOWN]]) {
    await page.evaluate(`coterie.consent(${answer})`);
    assert.equal((await known(page)).session, kept, answer);
  }
  assert.equal(page.sent(BEACON).length, 0);
});

test("a page that is only prerendered keeps and reports nothing until the visitor comes", within, async () => {
  for (const [target, agreed] of [["/?ref=alice", true], [`${ASK}?ref=alice`, true], [`${ASK}?ref=alice`, false]]) {
    const page = await browser.visitor({ script: PRERENDERED });
    await page.open(shop.plain + target);
    await page.evaluate(`coterie.consent(${agreed})`);
    assert.deepEqual([(await known(page)).cookie, page.sent(BEACON)], [undefined, []], target);
    await page.evaluate("comes()");
    const { session } = await known(page);
    if (agreed) {
      assert.equal((await page.answered(BEACON)).status, 204);
      assert.equal(await earnedBy(session), affiliate);
    } else {
      assert.deepEqual([session, page.sent(BEACON)], [null, []]);
    }
  }
});

test("it runs once, and the page goes on whatever the address says", within, async () => {
  const page = await browser.visitor();
  await page.open(`${shop.plain}/twice/?ref=alice`);
  await page.answered(BEACON);
  assert.equal(page.sent(BEACON).length, 1);
  for (const query of ["?_cobz_sess=short", "?_cobz_sess", "?ref=Not%20a%20slug", "?%", "?&&=&_cobz_sess=%00"]) {
    const other = await browser.visitor();
    await other.open(`${shop.plain}/${query}`);
    const { cookie, address } = await known(other);
    assert.deepEqual([cookie, other.sent(BEACON)], [undefined, []], query);
    assert.ok(!address.includes("_cobz_sess"), address);
  }
});

test("in a frame without cookies it throws nothing and reports nothing", within, async () => {
  const page = await browser.visitor();
  await page.open(shop.plain + BLOG);
  const frame = JSON.stringify({ src: "/?ref=alice", sandbox: "allow-scripts" });
  await page.evaluate(`new Promise((onload) => {
    document.body.append(Object.assign(document.createElement("iframe"), ${frame}, { onload: () => onload(1) }));
  })`);
  assert.equal(page.sent("/t.js").length, 1);
  assert.deepEqual([page.sent(BEACON), page.faults, await page.cookies(shop.plain)], [[], [], []]);
});
