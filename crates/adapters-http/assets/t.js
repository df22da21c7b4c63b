// The tracker, for a shop's own pages (docs/tracker.md):
//   <script async src="https://coterie.example.com/t.js" data-merchant="my-shop"></script>
// It keeps the visitor's session as a first-party cookie and reports visits by an affiliate's link.
//
// It is served without comments and indentation, which are taken out line by line: a comment has a line to itself, and
// there are neither block comments nor texts over several lines.
(() => {
  "use strict";

  const NAME = "_cobz_sess";
  const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  // The page goes on whatever fails in here: a sandboxed frame without cookies, an address that cannot be changed.
  const safely = (act) => {
    try {
      return act();
    } catch (_) {
      return null;
    }
  };

  // The session in the cookie, or null.
  const read = () => {
    const found = document.cookie.match(/(?:^|; )_cobz_sess=([\w-]{16,64})(?:;|$)/);
    return found && found[1];
  };

  const write = (value, seconds) => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = NAME + "=" + value + "; Path=/; SameSite=Lax; Max-Age=" + seconds + secure;
  };

  // A new session, as the server makes them. 248 is the last multiple of 62 in a byte: every letter is as likely.
  const fresh = () => {
    let made = "";
    while (made.length < 32) {
      const [byte] = crypto.getRandomValues(new Uint8Array(1));
      if (byte < 248) made += LETTERS[byte % 62];
    }
    return made;
  };

  // Without what the server would refuse: control characters, and what is too long.
  const short = (text, most) => Array.from(text.replace(/[\0-\x1f\x7f-\x9f]/g, "")).slice(0, most).join("");

  // An address without its query and fragment, where secrets may be.
  const bare = (address) => short(address.split(/[?#]/)[0], 2000);

  // The browser says that its user is not to be tracked; nothing that the page says overrules it.
  const refused = () =>
    navigator.globalPrivacyControl || navigator.doNotTrack === "1" || window.doNotTrack === "1";

  const send = (to, body) => {
    if (safely(() => navigator.sendBeacon(to, body))) return;
    fetch(to, { method: "POST", body, keepalive: true, credentials: "omit" }).catch(() => {});
  };

  // Takes the session out of the address bar, and leaves every other pair and the fragment as they are written.
  const clean = () => {
    const address = new URL(location.href);
    const pairs = address.search.slice(1).split("&");
    const others = pairs.filter((pair) => pair.split("=")[0] !== NAME);
    if (others.length === pairs.length) return;
    address.search = others.join("&");
    history.replaceState(history.state, "", address);
  };

  safely(() => {
    // Once a page. An element whose id is "coterie" is not us.
    if (window.coterie && window.coterie.session) return;
    const tag = document.currentScript;
    const { merchant, window: days, consent } = tag.dataset;
    const to = new URL("api/t/click", tag.src).href;
    const seconds = 86400 * Math.min(days > 0 ? Math.ceil(days) : 90, 365);
    const query = new URLSearchParams(location.search);
    const given = (name) => query.get(name) || "";
    const ref = ["ref", "aff", "cobz"].map(given).find((text) => /^[a-z0-9-]{2,63}$/.test(text));
    // In memory until it may be kept. One from the address came by the redirect, which has kept the click.
    let session = /^[\w-]{16,64}$/.test(given(NAME)) && given(NAME);
    // True, false, or null: not yet answered. Any word in data-consent means to wait: a misspelt one does not track.
    let answer = consent === undefined || null;
    safely(clean);

    const report = () => {
      const page = location.origin + location.pathname;
      const click = { merchant, session, ref, url: bare(page), referrer: bare(document.referrer) };
      for (const name of ["source", "medium", "campaign", "term", "content"].map((word) => "utm_" + word)) {
        if (query.has(name)) click[name] = short(given(name), 255);
      }
      send(to, JSON.stringify(click));
    };

    const act = () => {
      // The visitor may never come to a page that is only prerendered.
      if (document.prerendering) return;
      if (refused() || answer === false) {
        if (read()) write("", 0);
      } else if (answer) {
        const comes = !session && merchant && ref;
        if (comes) session = read() || fresh();
        if (session) write(session, seconds);
        // Where no cookie can be kept, nobody could ever name this click.
        if (comes && read()) report();
      }
    };

    window.coterie = Object.freeze({
      // What the shop sends as cookie_id; null where there is none.
      session: () => safely(read),
      // What the visitor has answered: true, or false, which deletes what was kept.
      consent: (word) => {
        answer = word === true;
        safely(act);
      },
    });
    document.addEventListener("prerenderingchange", () => safely(act));
    safely(act);
  });
})();
