// What every page of the desk does beyond links and forms. Each page works without it, a little less comfortably.
"use strict";

const SENT_MS = 15_000;
// The page stays where it is, and nothing tells it that a file has come.
const DOWNLOADED_MS = 3000;
const form_token = document.querySelector('meta[name="form-token"]')?.content ?? "";

// htmx does not hand attributes down: whatever it sends carries the token of the page. A form that is under way is not
// sent again by an impatient second click.
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, request } = event.detail.ctx;
  if (sourceElement.matches("form.htmx-request")) event.preventDefault();
  request.headers["X-Form-Token"] = form_token;
});

// By itself htmx looks at a page a moment after its scripts have run. On a slow machine that is long: a key went to a
// form that it did not know yet, and nobody looked for the name that was typed while the page was still coming.
htmx.process(document.body);
{
  const typed = document.activeElement;
  if (typed.matches("input[hx-post]") && typed.value !== typed.defaultValue) typed.dispatchEvent(new Event("input", { bubbles: true }));
}

// What somebody has chosen from a list while its news was under way stays chosen, where it is still among what is offered.
const chosen = new WeakMap();

document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  const radios = ctx.target?.querySelectorAll?.("input[type=radio]:checked") ?? [];
  chosen.set(ctx, [...radios].filter((one) => !one.defaultChecked).map(({ name, value }) => [name, value]));
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  for (const [name, value] of chosen.get(ctx) ?? []) {
    const still = ctx.target.querySelector(`input[type=radio][name="${CSS.escape(name)}"][value="${CSS.escape(value)}"]`);
    if (still) still.checked = true;
  }
});

// A page out of the browser's memory may belong to somebody who has signed out meanwhile.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// ---- buttons that need a script: data-opens, data-copies, data-prints

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  if (event.target.closest("[data-prints]")) window.print();
  const copier = event.target.closest("[data-copies]");
  if (copier) copy(copier, document.getElementById(copier.dataset.copies));
  // A click beside an open menu or dialog closes it.
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

async function copy(button, field) {
  field.select();
  const words = button.dataset.words ??= button.textContent;
  // Browsers give the clipboard to secure pages alone; what is selected can be copied by hand.
  const copied = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
  button.textContent = copied ? "Copied" : "Selected";
  setTimeout(() => { button.textContent = words; }, 2000);
}

// A form that was sent is not sent again by an impatient second click, however slow the line is.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, "downloads" in form.dataset ? DOWNLOADED_MS : SENT_MS);
});

// ---- keys: one letter, or g and a letter. Never in a field, never with Alt (on many keyboards that types signs).

let after_g = 0;

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary").focus();
      // It has done what it was pressed for, and leads nowhere else.
      event.preventDefault();
    }
  }
  if (!("shortcuts" in document.body.dataset)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  if (act_on(event.key)) event.preventDefault();
});

function act_on(key) {
  const now = Date.now();
  if (now - after_g < 1500) {
    after_g = 0;
    const place = document.querySelector(`[data-go="${CSS.escape(key)}"]`);
    place?.click();
    return Boolean(place);
  }
  if (key === "g") { after_g = now; return true; }
  if (key === "?") { document.getElementById("help")?.showModal(); return true; }
  const search = key === "/" && document.querySelector("[data-search]");
  if (search) { search.focus(); search.select(); return true; }
  // Pages name their own keys: data-key="t" on a link, a button or a field.
  const wanted = document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`);
  if (!wanted) return false;
  // Of a menu that a key opened, Tab leads to the first thing in it.
  if (wanted.matches("input, textarea, select, summary")) wanted.focus();
  if (!wanted.matches("input, textarea, select")) wanted.click();
  return true;
}
