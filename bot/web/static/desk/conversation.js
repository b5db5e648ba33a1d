// Writing into a conversation. What is typed is never replaced by what arrives; the desk keeps it as a draft.
"use strict";

{
  const DRAFT_MS = 800;
  const LOOK_MS = 10_000;
  const composer = document.getElementById("composer");
  const talk = document.getElementById("talk");
  const answer = document.getElementById("answer");
  const reply = document.getElementById("reply");
  const note = document.getElementById("note");
  const words = reply?.elements.text;
  const on_its_way = new Map();
  let timer = 0;
  let wants_pen = false;

  set_up_photos();
  if (composer) {
    set_up_writing();
    set_up_sending();
    set_up_quick_replies();
    set_up_looking();
  }

  // ---- which of the composer's parts show

  function writes(mode) {
    composer.dataset.writing = mode;
    for (const tab of composer.querySelectorAll("[data-writes]")) tab.setAttribute("aria-pressed", String(tab.dataset.writes === mode));
  }

  function field() {
    return field_of(composer.dataset.writing === "note" ? note : reply);
  }

  function field_of(form) {
    return form === note ? note.elements.note : words;
  }

  function grow(one) {
    one.rows = Math.min(8, Math.max(2, one.value.split("\n").length));
  }

  function set_up_writing() {
    composer.addEventListener("click", (event) => {
      const tab = event.target.closest("[data-writes]");
      if (tab) { writes(tab.dataset.writes); field().focus(); }
      if (event.target.closest("[data-dismisses]")) { answer.replaceChildren(); field().focus(); }
      if (event.target.closest("[data-as-note]")) {
        note.elements.note.value = [note.elements.note.value, words.value].filter(Boolean).join("\n\n");
        words.value = "";
        keep("reply", words);
        keep("note", note.elements.note);
        answer.replaceChildren();
        writes("note");
        grow(note.elements.note);
        note.elements.note.focus();
      }
    });
    for (const one of [words, note.elements.note]) {
      grow(one);
      one.addEventListener("input", () => { grow(one); keep_soon(); });
      one.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.isComposing || event.shiftKey || event.defaultPrevented) return;
        if (event.ctrlKey || event.metaKey || "enterSends" in document.body.dataset) {
          event.preventDefault();
          one.form.requestSubmit();
        }
      });
    }
    take_up_state();
    talk.addEventListener("desk:fresh", take_up_state);
  }

  function thread() {
    return document.getElementById("thread");
  }

  // Who has the conversation, and whether its window is open, may have changed since.
  function take_up_state() {
    const mode = thread()?.dataset.mode;
    if (mode) composer.dataset.mode = mode;
    if (wants_pen && mode === "reply") take_up_pen();
  }

  // ---- drafts

  function keep_soon() {
    drop_timer();
    timer = setTimeout(keep_now, DRAFT_MS);
  }

  function drop_timer() {
    clearTimeout(timer);
    timer = 0;
  }

  function keep_now() {
    drop_timer();
    keep(composer.dataset.writing, field());
  }

  function keep(mode, one) {
    const body = new URLSearchParams({ mode, text: one.value });
    fetch(composer.dataset.draft, { method: "POST", headers: { "X-Form-Token": form_token }, body, keepalive: true }).catch(() => null);
  }

  window.addEventListener("pagehide", () => { if (timer) keep_now(); });

  // ---- sending, and taking back

  function set_up_sending() {
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (form !== reply && form !== note) return;
      // The next token comes with the answer to this: until then another text would be taken for the same click.
      if (on_its_way.has(form)) { event.preventDefault(); event.stopPropagation(); return; }
      on_its_way.set(form, field_of(form).value);
      drop_timer();
      // What her screen shows at this moment is what she has seen.
      if (form === reply) reply.querySelector("input[name=seen]").value = thread().dataset.newest;
    }, true);
    document.addEventListener("htmx:finally:request", ({ detail }) => {
      const form = detail.ctx.sourceElement;
      if (on_its_way.delete(form) && field_of(form).value) keep_soon();
    });
    document.addEventListener("htmx:after:request", (event) => {
      const form = event.detail.ctx.sourceElement;
      const status = event.detail.ctx.response?.raw?.status ?? event.detail.ctx.response?.status;
      // What came of it may be on the screen before its answer: its form is gone then.
      if (!status || (form.isConnected && !form.closest(".talk, #panel"))) return;
      if (form === reply || form.matches(".is-template")) after_reply(form, status);
      if (form === note && status === 204) { take_out(note); clear_answers(); }
      if (form.matches("[data-acts]") && status === 204) clear_answers();
      if (form.matches("[data-takes]") && status === 204) take_up_pen();
      // What was sent from beside the thread is empty again; whatever else is typed there stays.
      if (status === 200 && form.matches("#panel form")) setTimeout(() => form.isConnected && form.reset());
      if (form.matches("form")) document.dispatchEvent(new Event("desk:changed"));
    });
    document.addEventListener("htmx:after:swap", take_up_answer);
  }

  // Whoever takes a conversation wants to write as soon as the field is there: not at the next news of the
  // thread, which may have been asked for before she took it.
  function take_up_pen() {
    wants_pen = composer.dataset.mode !== "reply";
    if (wants_pen || document.activeElement.matches("input, textarea, select")) return;
    writes("reply");
    words.focus();
  }

  function after_reply(form, status) {
    if (status !== 200) return;
    if (form === reply) take_out(reply);
    words.focus();
  }

  // What was sent leaves its field. What she has typed since, while the answer was on its way, stays.
  function take_out(form) {
    const one = field_of(form);
    const text = on_its_way.get(form);
    if (one.value.startsWith(text)) one.value = one.value.slice(text.length).trimStart();
    grow(one);
  }

  // A reply that is still to be taken back goes when its time is over.
  function clear_answers() {
    for (const one of answer.querySelectorAll(":scope > :not(.sent)")) one.remove();
  }

  function take_up_answer() {
    const sent = answer.querySelector(".sent:not([data-known])");
    if (sent) {
      sent.dataset.known = "yes";
      for (const one of composer.querySelectorAll(".composer-form input[name=token]")) one.value = sent.dataset.next;
      setTimeout(() => sent.remove(), Number(sent.dataset.left) * 1000);
    }
    const undone = answer.querySelector(".undone[data-text]:not([data-known])");
    if (undone) {
      undone.dataset.known = "yes";
      writes("reply");
      words.value = [undone.dataset.text, words.value].filter(Boolean).join("\n\n");
      grow(words);
      words.focus();
      setTimeout(() => undone.remove(), 4000);
    }
  }

  // ---- quick replies: a slash at the caret

  function set_up_quick_replies() {
    const list = document.getElementById("quick");
    const says = document.getElementById("quick-says");
    const all = [...list.children];
    let chosen = null;

    const typed = () => /(?:^|\s)\/([a-z0-9-]*)$/.exec(words.value.slice(0, words.selectionStart));

    function choose(one) {
      chosen?.setAttribute("aria-selected", "false");
      chosen = one;
      if (one) {
        one.setAttribute("aria-selected", "true");
        one.scrollIntoView({ block: "nearest" });
        words.setAttribute("aria-activedescendant", one.id);
      } else words.removeAttribute("aria-activedescendant");
    }

    function offer() {
      const found = typed();
      const fitting = found ? all.filter((one) => one.dataset.shortcut.startsWith(found[1])) : [];
      for (const one of all) one.hidden = !fitting.includes(one);
      list.hidden = !fitting.length;
      choose(fitting.includes(chosen) ? chosen : fitting[0] ?? null);
      says.textContent = fitting.length ? `${fitting.length} quick replies. Arrows choose, Enter inserts.` : "";
    }

    async function insert(one) {
      const found = typed();
      const end = words.selectionStart;
      const start = found ? end - found[1].length - 1 : end;
      list.hidden = true;
      const body = new URLSearchParams({ shortcut: one.dataset.shortcut });
      const got = await fetch(composer.dataset.quick, { method: "POST", headers: { "X-Form-Token": form_token }, body }).catch(() => null);
      if (!got?.ok) return;
      words.setRangeText((await got.json()).text, start, end, "end");
      words.dispatchEvent(new Event("input"));
      words.focus();
    }

    words.addEventListener("input", offer);
    words.addEventListener("blur", () => setTimeout(() => { list.hidden = true; }, 200));
    // Before the key that sends is looked at.
    words.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      const shown = all.filter((one) => !one.hidden);
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) choose(shown[(shown.indexOf(chosen) + step + shown.length) % shown.length]);
      else if ((event.key === "Enter" || event.key === "Tab") && chosen) insert(chosen);
      else if (event.key === "Escape") list.hidden = true;
      else return;
      event.preventDefault();
      event.stopPropagation();
    }, true);
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => { const one = event.target.closest("[role=option]"); if (one) insert(one); });
  }

  // ---- who looks

  function set_up_looking() {
    const look = (doing) => fetch(composer.dataset.look, { method: "POST", headers: { "X-Form-Token": form_token, "X-Quiet": "1" }, body: new URLSearchParams({ doing }), keepalive: true }).catch(() => null);
    const reading = () => { if (!document.hidden) look(timer ? "typing" : "reading"); };
    reading();
    setInterval(reading, LOOK_MS);
    window.addEventListener("pagehide", () => look("away"));
  }

  // ---- photos, large

  function set_up_photos() {
    const viewer = document.getElementById("viewer");
    const photo = viewer.querySelector("img");
    talk.addEventListener("click", (event) => {
      const thumbnail = event.target.closest("[data-enlarges]");
      if (!thumbnail || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      photo.src = thumbnail.href;
      viewer.querySelector("[data-saves]").href = thumbnail.dataset.enlarges;
      viewer.showModal();
    });
    viewer.addEventListener("close", () => photo.removeAttribute("src"));
  }
}
