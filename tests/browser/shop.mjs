// A shop that embeds the tracker: over HTTP, and over HTTPS with the certificate in the working directory.

import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";

const shown = (tag) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Shop</title>
${tag}
<body style="font: 20px sans-serif; margin: 2em">
<h1>The shop</h1>
<p>Address: <code id="address"></code></p>
<p>Cookies: <code id="cookies"></code></p>
<p>coterie.session(): <code id="session"></code></p>
<script>
addEventListener("load", () => {
  const cookies = origin === "null" ? "" : document.cookie;
  const seen = { address: location.href, cookies, session: window.coterie?.session() };
  for (const [id, text] of Object.entries(seen)) document.getElementById(id).textContent = String(text);
});
</script>
</body></html>`;

// Opens the shop, whose every page has the tag that `tag` makes for its path. Answers with its origins and how to close
// it.
export async function openShop(tag) {
  const answer = (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(shown(tag(pathname)));
  };
  const identity = { key: readFileSync("shop.key"), cert: readFileSync("shop.pem") };
  const servers = [http.createServer(answer), https.createServer(identity, answer)];
  await Promise.all(servers.map((server) => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))));
  const [plain, secure] = servers.map((server) => server.address().port);
  return {
    plain: `http://localhost:${plain}`,
    secure: `https://localhost:${secure}`,
    close: () => servers.forEach((server) => (server.close(), server.closeAllConnections())),
  };
}
