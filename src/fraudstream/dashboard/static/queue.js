// The queue by keyboard, and decisions about the alerts that are chosen.
"use strict";
(() => {
  const list = document.getElementById("rows");
  const form = document.getElementById("decide");
  const note = form.querySelector("[name=note]");
  const chosen = new Map(); // alert row id -> what was seen of it when it was chosen
  let current = null, outcome = null;

  const rows = () => [...list.querySelectorAll("tbody tr")];
  const row = () => (current && document.getElementById(current)) || null;

  const paint = () => {
    for (const each of rows()) {
      each.classList.toggle("current", each.id === current);
      each.querySelector("input").checked = chosen.has(each.id);
    }
    form.hidden = chosen.size === 0;
    document.getElementById("chosen").textContent = `${chosen.size} chosen`;
  };
  const go = (step) => {
    const all = rows();
    if (!all.length) return;
    const at = all.findIndex((each) => each.id === current);
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)] || all[0];
    current = next.id;
    paint();
    next.querySelector(".why a").focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
  const choose = (each, on) => {
    if (on) chosen.set(each.id, each.dataset.seen); else chosen.delete(each.id);
    paint();
  };
  const decide = (word) => {
    if (!chosen.size && row()) choose(row(), true);
    if (!chosen.size || !form.querySelector(`[value=${word}]`)) return;
    outcome = word;
    note.focus();
  };
  const close = () => { chosen.clear(); outcome = null; note.value = ""; paint(); };

  // Rows that changed, one by one: what is not on the screen is not fetched, and what is not changed stays as it is.
  const LEAST = 700; // milliseconds between two questions
  const waiting = new Set();
  let asking = false;
  const table = () => list.querySelector("table.queue");
  const place = (fresh) => {
    const { order, most } = table().dataset;
    const value = (each) => Number(each.dataset[order]);
    const after = rows().find((each) => value(each) < value(fresh) || (value(each) === value(fresh) && each.id > fresh.id));
    table().tBodies[0].insertBefore(fresh, after || null);
    if (rows().length > Number(most)) rows().at(-1).remove();
  };
  const renew = (ids, found) => {
    const focused = document.activeElement.closest?.("#rows tbody tr")?.id;
    for (const id of ids) {
      const old = document.getElementById(`a-${id}`), fresh = found.get(`a-${id}`);
      if (old && fresh && old.dataset.newest === fresh.dataset.newest) old.replaceWith(fresh);
      else { old?.remove(); if (fresh) place(fresh); }
    }
    const count = rows().length;
    document.getElementById("counted").textContent = `${count}${count >= Number(table().dataset.most) ? "+" : ""} alert${count === 1 ? "" : "s"}`;
    paint();
    if (focused && !list.contains(document.activeElement)) (row()?.querySelector(".why a") || list).focus({ preventScroll: true });
  };
  const fetchSome = async () => {
    asking = true;
    const ids = [...waiting].slice(0, 100);
    for (const id of ids) waiting.delete(id);
    try {
      const query = new URLSearchParams(location.search);
      query.set("ids", ids.join(","));
      const answer = await fetch(`/rows/some?${query}`, { headers: { "HX-Request": "true", "X-By-Itself": "1" } });
      if (answer.headers.get("HX-Redirect")) { location.assign(answer.headers.get("HX-Redirect")); return; }
      if (!answer.ok || !table()) throw new Error(answer.status);
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      renew(ids, new Map([...parsed.querySelectorAll("tr")].map((each) => [each.id, document.importNode(each, true)])));
    } catch {
      document.body.dispatchEvent(new Event("marked")); // all rows then, as if nothing were known
    }
    setTimeout(() => { asking = false; if (waiting.size) next(); }, LEAST);
  };
  const next = () => { if (!asking && !document.hidden) fetchSome(); };
  document.body.addEventListener("changed", (event) => {
    if (!table()) return; // there are no rows yet: fetch the list
    event.preventDefault();
    for (const id of event.detail) waiting.add(id);
    if (waiting.size) next();
  });
  document.addEventListener("visibilitychange", () => { if (waiting.size) next(); });

  list.addEventListener("change", (event) => choose(event.target.closest("tr"), event.target.checked));
  list.addEventListener("focusin", (event) => {
    const each = event.target.closest("tbody tr");
    if (each && each.id !== current) { current = each.id; paint(); }
  });
  document.getElementById("cancel").addEventListener("click", close);
  note.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { close(); list.focus(); }
    if (event.key === "Enter") {
      event.preventDefault();
      if (outcome) form.querySelector(`[value=${outcome}]`).click();
    }
  });
  form.addEventListener("htmx:configRequest", (event) => {
    for (const seen of chosen.values()) event.detail.formData.append("seen", seen);
  });
  form.addEventListener("htmx:afterRequest", (event) => { if (event.detail.xhr.status < 500) { close(); list.focus(); } });
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target === list) list.dataset.focused = list.contains(document.activeElement) ? "1" : "";
  });
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== list) return;
    paint();
    if (list.dataset.focused) (row()?.querySelector(".why a") || list).focus({ preventScroll: true });
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input:not([type=checkbox]), select, textarea")) return;
    const actions = {
      j: () => go(1), k: () => go(-1), x: () => row() && choose(row(), !chosen.has(current)),
      c: () => decide("fraud"), g: () => decide("genuine"), "/": () => document.querySelector("[name=q]").focus(),
      Enter: () => row() && !event.target.matches("a, button") && location.assign(row().dataset.href),
    };
    if (!actions[event.key]) return;
    if (event.key !== "Enter") event.preventDefault();
    actions[event.key]();
  });
})();
