// Writing into a conversation. What is typed is never replaced by what arrives; the desk keeps it as a draft.
"use strict";

{
  const DRAFT_MS = 800;
  const AGAIN_MS = 5000;
  const LOOK_MS = 10_000;
  const FILLED_MS = 10_000;
  const composer = document.getElementById("composer");
  const talk = document.getElementById("talk");
  const answer = document.getElementById("answer");
  const reply = document.getElementById("reply");
  const note = document.getElementById("note");
  const words = reply?.elements.text;
  const said = new Map();
  let timer = 0;
  let inserting = 0;
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

  function field(mode = composer.dataset.writing) {
    return mode === "note" ? note.elements.note : words;
  }

  function writes_elsewhere() {
    return document.activeElement.matches("input, textarea, select") && document.activeElement !== words;
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
        keep_soon("reply");
        keep_soon("note");
        answer.replaceChildren();
        writes("note");
        grow(note.elements.note);
        note.elements.note.focus();
      }
    });
    for (const mode of ["reply", "note"]) {
      const one = field(mode);
      grow(one);
      one.addEventListener("input", () => { grow(one); keep_soon(mode); });
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

  // Who has the conversation, whom it is about, and whether its window is open, may have changed since.
  function take_up_state() {
    const now = thread()?.dataset;
    if (!now) return;
    composer.dataset.mode = now.mode;
    const name = composer.querySelector(".composer-to strong");
    if (name.textContent !== now.called) {
      words.placeholder = words.placeholder.replace(name.textContent, () => now.called);
      words.labels[0].textContent = `Reply to ${now.called}`;
      name.textContent = now.called;
    }
    if (wants_pen) take_up_pen();
  }

  // ---- drafts: one after the other, so that on a slow line none comes after a later one

  const unkept = new Set();
  let keeping = null;

  function keep_soon(mode, ms = DRAFT_MS) {
    unkept.add(mode);
    clearTimeout(timer);
    timer = setTimeout(keep, ms);
  }

  async function keep() {
    clearTimeout(timer);
    timer = 0;
    if (keeping) return;
    // What is typed meanwhile joins the set, and its turn comes in this very loop.
    for (const mode of unkept) {
      unkept.delete(mode);
      keeping = Object.assign(new AbortController(), { mode });
      const status = await put_away(mode, keeping.signal);
      if (keeping.signal.aborted || status < 500) continue;
      keep_soon(mode, AGAIN_MS);
      break;
    }
    keeping = null;
  }

  async function put_away(mode, signal) {
    const body = new URLSearchParams({ mode, text: field(mode).value, token: reply.elements.token.value });
    const asked = { method: "POST", headers: { "X-Form-Token": form_token }, body, keepalive: true, signal };
    return (await fetch(composer.dataset.draft, asked).catch(() => null))?.status;
  }

  // What is sent is no draft any more; a draft of it that is still under way would bring it back.
  function forget_draft(mode) {
    unkept.delete(mode);
    if (keeping?.mode === mode) keeping.abort();
  }

  window.addEventListener("pagehide", () => { for (const mode of unkept) put_away(mode); });

  // ---- sending, and taking back

  function set_up_sending() {
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if (!form.matches(".composer-form") || form.matches(".htmx-request")) return;
      // What stands for words that are on their way is no message.
      if (form === reply && inserting) { event.preventDefault(); event.stopPropagation(); return; }
      // What her screen shows at this moment is what she has seen.
      if (form.elements.seen) form.querySelector("input[name=seen]").value = thread().dataset.newest;
      if (form === reply || form === note) {
        said.set(form.id, field(form.id).value);
        forget_draft(form.id);
      }
    }, true);
    document.addEventListener("htmx:after:request", (event) => {
      const form = event.detail.ctx.sourceElement;
      const status = event.detail.ctx.response?.raw?.status ?? event.detail.ctx.response?.status;
      // What came of it may be on the screen before its answer: its form is gone then.
      if (!status || (form.isConnected && !form.closest(".talk, #panel"))) return;
      if (form === reply && status === 200) goes_on("reply");
      if (form === note && status === 204) { goes_on("note"); clear_answers(); }
      if (form.matches(".is-reply, .is-template") && status === 200 && !writes_elsewhere()) words.focus();
      if (form.matches("[data-acts]") && status === 204) { clear_answers(); close_menu(form); }
      if (form.matches("[data-takes]") && status === 204) take_up_pen();
      // What was sent from beside the thread is empty again; whatever else is typed there stays.
      if (status === 200 && form.matches("#panel form")) setTimeout(() => form.isConnected && form.reset());
      if (form.matches("form")) document.dispatchEvent(new Event("desk:changed"));
    });
    document.addEventListener("htmx:finally:request", (event) => {
      const { sourceElement: form, response } = event.detail.ctx;
      if (form.matches(".talk form, #panel form")) document.getElementById("no-answer").hidden = Boolean(response);
      // Whatever stands in the field now is not said yet.
      if ((form === reply || form === note) && field(form.id).value) keep_soon(form.id);
    });
    document.addEventListener("htmx:after:swap", take_up_answer);
  }

  // Whoever takes a conversation wants to write as soon as the field is there: not at the next news of the
  // thread, which may have been asked for before she took it.
  function take_up_pen() {
    const { mode } = composer.dataset;
    wants_pen = mode === "bot" || mode === "other";
    if (mode !== "reply" || writes_elsewhere()) return;
    writes("reply");
    words.focus();
  }

  // What was sent leaves the field. What she has typed since, while the line was slow, stays: it is her next message.
  function goes_on(mode) {
    const one = field(mode);
    const text = said.get(mode);
    if (one.value.startsWith(text)) one.value = one.value.slice(text.length).trimStart();
    grow(one);
  }

  // A reply that is still to be taken back goes when its time is over.
  function clear_answers() {
    for (const one of answer.querySelectorAll(":scope > :not(.sent)")) one.remove();
  }

  // What was chosen from a menu is done; as long as it stood open nothing around it would change.
  function close_menu(form) {
    const menu = form.closest("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  }

  function take_up_answer() {
    // A click that has been dealt with is over: the next one is another message.
    const over = answer.querySelector("[data-next]:not([data-known])");
    if (over) {
      over.dataset.known = "yes";
      for (const one of composer.querySelectorAll(".composer-form input[name=token]")) one.value = over.dataset.next;
      if (over.matches(".sent")) setTimeout(() => over.remove(), Number(over.dataset.left) * 1000);
    }
    const undone = answer.querySelector(".undone[data-text]:not([data-known])");
    if (undone) {
      undone.dataset.known = "yes";
      words.value = [undone.dataset.text, words.value].filter(Boolean).join("\n\n");
      grow(words);
      keep_soon("reply");
      if (!writes_elsewhere()) { writes("reply"); words.focus(); }
      setTimeout(() => undone.remove(), 4000);
    }
  }

  // ---- quick replies: a slash at the caret

  function set_up_quick_replies() {
    offers(words, document.getElementById("quick"), document.getElementById("quick-says"), {
      typed: /(?:^|\s)\/([a-z0-9-]*)$/,
      fits: (one, begun) => one.dataset.shortcut.startsWith(begun),
      told: (count) => `${count} quick replies. Arrows choose, Enter inserts.`,
      take: insert,
    });

    async function insert(one, start, end) {
      const before = words.value.slice(0, end);
      inserting += 1;
      const text = await filled(one.dataset.shortcut).catch(() => null);
      inserting -= 1;
      // She may have typed on meanwhile; where the place itself has changed they would tear her words apart.
      if (text === null || !words.value.startsWith(before)) return;
      words.setRangeText(text, start, end, "preserve");
      words.dispatchEvent(new Event("input"));
      if (!writes_elsewhere()) words.focus();
    }

    // The words as this patient is to read them; null when the desk does not know them any more.
    async function filled(shortcut) {
      const body = new URLSearchParams({ shortcut });
      const asked = { method: "POST", headers: { "X-Form-Token": form_token }, body, signal: AbortSignal.timeout(FILLED_MS) };
      const got = await fetch(composer.dataset.quick, asked);
      return got.ok ? (await got.json()).text : null;
    }
  }

  // ---- who looks

  function set_up_looking() {
    const look = (doing) => fetch(composer.dataset.look, { method: "POST", headers: { "X-Form-Token": form_token, "X-Quiet": "1" }, body: new URLSearchParams({ doing }), keepalive: true }).catch(() => null);
    let typed_at = -LOOK_MS;
    let told = "";
    const tell = () => {
      told = performance.now() - typed_at < LOOK_MS ? "typing" : "reading";
      if (!document.hidden) look(told);
    };
    tell();
    setInterval(tell, LOOK_MS);
    // That she writes is told with her first letter, and not again with each.
    composer.addEventListener("input", () => { typed_at = performance.now(); if (told !== "typing") tell(); });
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
      viewer.ariaLabel = photo.alt = thumbnail.dataset.called ?? "Photo of the patient";
      viewer.querySelector("[data-saves]").href = thumbnail.dataset.enlarges;
      viewer.showModal();
    });
    viewer.addEventListener("close", () => photo.removeAttribute("src"));
  }
}
