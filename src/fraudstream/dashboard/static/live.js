// News from the stream of events, and what every request of a page carries.
"use strict";
(() => {
  const LEAST = 700; // milliseconds between two refreshes of a page
  const away = document.getElementById("away");
  const token = document.querySelector("meta[name=form-token]").content;
  let last = Date.now(), due = null;

  document.body.addEventListener("htmx:configRequest", (event) => {
    const { headers, triggeringEvent } = event.detail;
    headers["X-Form-Token"] = token;
    if (!triggeringEvent || ["marked", "load"].includes(triggeringEvent.type)) headers["X-By-Itself"] = "1";
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "notice" && event.detail.target.querySelector(".good")) {
      setTimeout(() => event.detail.target.replaceChildren(), 6000);
    }
  });

  const mark = () => {
    clearTimeout(due);
    const rows = document.querySelectorAll("#rows tr").length;
    const wait = last + LEAST + rows * 2 - Date.now();
    if (wait > 0 || document.hidden) { due = setTimeout(mark, Math.max(wait, 200)); return; }
    last = Date.now();
    document.body.dispatchEvent(new Event("marked"));
  };
  const listen = () => {
    const source = new EventSource("/events");
    source.addEventListener("mark", () => {
      mark(); // the first one too: something may have come between this page and its stream
      away.hidden = true;
    });
    source.addEventListener("rows", (event) => {
      away.hidden = true;
      // A page that knows rows takes the changed ones alone; every other one fetches its part again.
      const changed = new CustomEvent("changed", { cancelable: true, detail: JSON.parse(event.data) });
      if (document.body.dispatchEvent(changed)) mark();
    });
    source.addEventListener("trouble", () => { away.hidden = false; });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return; // it tries again by itself
      away.hidden = false;
      setTimeout(listen, 2000);
    });
  };
  listen();
})();
