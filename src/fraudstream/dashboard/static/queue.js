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
