// Moving in the list by keys, and leaving what is open. Letters are looked after in desk.js.
"use strict";

{
  const UNDO_MS = 10_000;
  const rows = () => [...document.querySelectorAll("#list [data-row]")];

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) { leave(event.target); return; }
    if (!("shortcuts" in document.body.dataset) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog")) return;
    if (event.key !== "j" && event.key !== "k") return;
    const all = rows();
    const here = all.indexOf(document.activeElement.closest?.("[data-row]") ?? document.querySelector("#list [aria-current=true]"));
    const next = here < 0 ? 0 : here + (event.key === "j" ? 1 : -1);
    all[Math.max(0, Math.min(all.length - 1, next))]?.focus();
    event.preventDefault();
  });

  function leave(from) {
    if (document.querySelector("dialog[open]")) return;
    if (from.matches("textarea, input")) { from.blur(); return; }
    document.querySelector("[data-back]")?.click();
  }

  // "Done" can be taken back for a while; an address that says so again after a reload would only confuse.
  const just_done = document.getElementById("just-done");
  if (just_done) {
    const address = new URL(location.href);
    for (const name of ["done", "closed_as"]) address.searchParams.delete(name);
    history.replaceState(null, "", address);
    setTimeout(() => { if (!just_done.matches(":focus-within, :hover")) just_done.remove(); }, UNDO_MS);
  }

  document.querySelector("#list [aria-current=true]")?.scrollIntoView({ block: "nearest" });
}
