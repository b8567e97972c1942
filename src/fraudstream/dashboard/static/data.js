// A file of the user's own: looked at, then sent. The page keeps nothing of it in between; the browser has it.
"use strict";
(() => {
  const form = document.getElementById("bring");
  if (!form) return;
  const shown = document.getElementById("preview");
  const notice = document.getElementById("notice");
  const token = document.querySelector("meta[name=form-token]").content;

  const ask = async (path, more) => {
    const file = form.elements.file.files[0];
    const query = new URLSearchParams({ name: file.name, map: form.elements.map.value.replace(/\s*\n\s*/g, ","), ...more });
    try {
      const answer = await fetch(`${path}?${query}`, {
        method: "POST", body: file, headers: { "Content-Type": "text/csv", "X-Form-Token": token, "HX-Request": "true" },
      });
      return { fine: answer.ok, text: await answer.text(), lead: answer.headers.get("HX-Redirect") };
    } catch {
      return { fine: false, text: "", lead: null };
    }
  };
  const say = (answer) => {
    if (answer.lead) { location.assign(answer.lead); return; }
    if (answer.text) notice.innerHTML = answer.text; // escaped by the server
    else notice.textContent = "The page did not answer; nothing was sent that is not named in its audit log.";
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    notice.replaceChildren();
    shown.replaceChildren();
    const answer = await ask("/data/preview", {});
    if (answer.fine) shown.innerHTML = answer.text; else say(answer); // escaped by the server
    button.disabled = false;
  });
  shown.addEventListener("click", async (event) => {
    if (event.target.id !== "send") return;
    event.target.disabled = true;
    const answer = await ask("/data/send", { digest: event.target.dataset.digest });
    say(answer);
    if (answer.fine) shown.replaceChildren(); else event.target.disabled = false;
  });
  form.addEventListener("input", () => shown.replaceChildren()); // what is sent is what was looked at
})();
