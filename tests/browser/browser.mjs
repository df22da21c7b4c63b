// Chromium without a window. We speak its own protocol over a pipe, so nothing needs to be installed beside it.

import { spawn } from "node:child_process";

const FLAGS = [
  "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--ignore-certificate-errors",
  // A sandboxed frame is seen with its page.
  "--disable-features=IsolateSandboxedIframes", "--window-size=800,600", "about:blank",
];

export class Browser {
  #waiting = new Map();
  #pages = new Map();
  #sent = 0;
  #unread = "";

  // Keeps its profile in `folder`.
  constructor(folder) {
    const stdio = ["ignore", "ignore", "ignore", "pipe", "pipe"];
    const program = process.env.CHROMIUM || "chromium";
    this.child = spawn(program, [`--user-data-dir=${folder}`, ...FLAGS], { stdio });
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
    this.child.once("error", (error) => this.#fail(error));
    this.ended.then(() => this.#fail(new Error("the browser has ended")));
    this.child.stdio[3].on("error", () => {});
    this.child.stdio[4].setEncoding("utf8").on("data", (text) => this.#read(text));
  }

  // Calls a method of the protocol.
  call(method, params = {}, sessionId = undefined) {
    const id = ++this.#sent;
    this.child.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
    return new Promise((resolve, reject) => this.#waiting.set(id, { method, resolve, reject }));
  }

  // A page with cookies of its own, as a new visitor has. `headers` go with every request, `script` runs in every
  // document before its own.
  async visitor({ headers = {}, script = "" } = {}) {
    const { browserContextId } = await this.call("Target.createBrowserContext");
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank", browserContextId });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(targetId, (method, params) => this.call(method, params, sessionId));
    this.#pages.set(sessionId, page);
    for (const domain of ["Page", "Network", "Runtime"]) await page.call(`${domain}.enable`);
    await page.call("Page.setLifecycleEventsEnabled", { enabled: true });
    await page.call("Network.setExtraHTTPHeaders", { headers });
    await page.call("Page.addScriptToEvaluateOnNewDocument", { source: script });
    return page;
  }

  async close() {
    this.child.kill();
    await this.ended;
  }

  #read(text) {
    const messages = (this.#unread + text).split("\0");
    this.#unread = messages.pop();
    for (const { id, error, result, method, params, sessionId } of messages.map((message) => JSON.parse(message))) {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (waiting && error) waiting.reject(new Error(`${waiting.method}: ${error.message}`));
      else if (waiting) waiting.resolve(result);
      else this.#pages.get(sessionId)?.happened(method, params);
    }
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

class Page {
  // What the page has asked for: {method, url, body, status}; the status once there is an answer.
  requests = [];
  // Errors that nobody caught.
  faults = [];
  // The documents that are loaded in full, by their loaders' ids.
  #loaded = new Set();
  #watchers = new Set();

  constructor(frame, call) {
    this.frame = frame;
    this.call = call;
  }

  // Goes to an address, and returns when all of it is loaded.
  async open(url) {
    const { loaderId, errorText } = await this.call("Page.navigate", { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await this.#until(() => this.#loaded.has(loaderId));
  }

  // Clicks on a link to an address in this page, and returns when all of that is loaded.
  async follow(href) {
    const [link, before] = [JSON.stringify({ href }), this.#loaded.size];
    await this.evaluate(`Object.assign(document.createElement("a"), ${link}).click()`);
    await this.#until(() => this.#loaded.size > before);
  }

  // The value of an expression in the page.
  async evaluate(expression) {
    const answer = await this.call("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
    if (answer.exceptionDetails) throw new Error(answer.exceptionDetails.exception?.description ?? expression);
    return answer.result.value;
  }

  // The cookies that go to an address.
  async cookies(url) {
    return (await this.call("Network.getCookies", { urls: [url] })).cookies;
  }

  // The requests so far to addresses that end so.
  sent(ending) {
    return this.requests.filter(({ url }) => url.endsWith(ending));
  }

  // The first request to an address that ends so, once it is answered.
  async answered(ending) {
    const found = () => this.sent(ending).find(({ status }) => status);
    await this.#until(found);
    return found();
  }

  // A picture, as PNG.
  async picture() {
    return Buffer.from((await this.call("Page.captureScreenshot")).data, "base64");
  }

  happened(event, params) {
    const request = this.requests.findLast(({ id }) => id === params.requestId);
    if (event === "Network.requestWillBeSent") {
      // A redirect is a request of its own with the same id.
      if (request && params.redirectResponse) request.status = params.redirectResponse.status;
      const { method, url, postData } = params.request;
      this.requests.push({ id: params.requestId, method, url, body: postData });
    }
    if (event === "Network.responseReceived" && request) request.status = params.response.status;
    if (event === "Page.lifecycleEvent" && params.name === "load" && params.frameId === this.frame) {
      this.#loaded.add(params.loaderId);
    }
    if (event === "Runtime.exceptionThrown") this.faults.push(params.exceptionDetails);
    for (const look of this.#watchers) look();
  }

  // Waits for a condition on what has happened. The test's own limit ends a wait for what never comes.
  #until(condition) {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }
}
