// What is offered at the caret of a field: arrows choose, Enter or Tab takes, Escape leaves what is typed.
"use strict";

// ``typed`` finds what is typed before the caret, as /sign(begun words)$/; ``fits`` says which of the list go on so.
function offers(field, list, says, { typed, fits, told, take }) {
  const all = [...list.children];
  let chosen = null;

  const found = () => typed.exec(field.value.slice(0, field.selectionStart));

  function choose(one) {
    chosen?.setAttribute("aria-selected", "false");
    chosen = one;
    if (one) {
      one.setAttribute("aria-selected", "true");
      one.scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", one.id);
    } else field.removeAttribute("aria-activedescendant");
  }

  function offer() {
    const begun = found();
    const fitting = begun ? all.filter((one) => fits(one, begun[1])) : [];
    for (const one of all) one.hidden = !fitting.includes(one);
    list.hidden = !fitting.length;
    choose(fitting.includes(chosen) ? chosen : fitting[0] ?? null);
    says.textContent = fitting.length ? told(fitting.length) : "";
  }

  function close() {
    list.hidden = true;
    choose(null);
  }

  // Where the words stand that the chosen one takes the place of.
  function taken(one) {
    const end = field.selectionStart;
    take(one, end - (found()?.[1].length ?? -1) - 1, end);
    close();
  }

  field.addEventListener("input", offer);
  field.addEventListener("blur", () => setTimeout(close, 200));
  // Before the key that sends is looked at.
  field.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    const shown = all.filter((one) => !one.hidden);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) choose(shown[(shown.indexOf(chosen) + step + shown.length) % shown.length]);
    else if ((event.key === "Enter" || event.key === "Tab") && chosen) taken(chosen);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => { const one = event.target.closest("[role=option]"); if (one) taken(one); });
}

// Colleagues named in a note, by an @ at the caret. Who is meant the desk reads in the note itself. A field says in
// data-names which list it offers; it may come with a part of the page that is asked for later.
{
  const known = new WeakSet();

  document.addEventListener("focusin", ({ target }) => {
    if (!target.dataset?.names || known.has(target)) return;
    known.add(target);
    const list = document.getElementById(target.dataset.names);
    offers(target, list, document.getElementById(`${list.id}-says`), {
      typed: /(?<![\w.%+-])[@＠]([^@＠\n]*)$/u,
      fits: (one, begun) => ` ${one.dataset.name}`.toLowerCase().includes(` ${begun.toLowerCase()}`),
      told: (count) => `${count === 1 ? "One colleague" : `${count} colleagues`}. Arrows choose, Enter names.`,
      take({ dataset: { name } }, start, end) {
        target.setRangeText(`@${name} `, start, end, "end");
        target.dispatchEvent(new Event("input"));
      },
    });
  });
}
