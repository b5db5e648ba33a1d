// A file for the reply: chosen with the paper clip, dropped or pasted. It is taken up at once, so that what is wrong with
// it is told at once; from then on it is a part of the draft, and leaves with the words or is taken away again.
"use strict";

{
  const UPLOAD_MS = 300_000;
  const slot = document.getElementById("chosen");
  if (slot) set_up(slot, document.getElementById("reply"), document.getElementById("clip"), document.getElementById("file"));

  function set_up(slot, reply, clip, input) {
    const composer = reply.closest(".composer");
    const words = reply.elements.text;
    let under_way = null;
    let wants_to_send = false;
    let sent = "";

    clip.addEventListener("click", () => input.click());
    input.addEventListener("change", () => { take_up(input.files); input.value = ""; });
    set_up_dropping();
    set_up_leaving();
    slot.addEventListener("click", (event) => {
      if (!event.target.closest("[data-takes-away]")) return;
      event.preventDefault();
      take_away();
    });
    needs_words();

    // Beside a file there need not be any.
    function needs_words() {
      words.required = !slot.querySelector("[data-file]") && !under_way;
    }

    function put(...parts) {
      slot.replaceChildren(...parts);
      needs_words();
    }

    function to_the_words() {
      if (!document.activeElement.matches("input, textarea, select")) words.focus();
    }

    // A file leaves with a reply alone: where none can be written, none is taken.
    function is_open() {
      return composer.dataset.mode === "reply" && composer.dataset.writing === "reply";
    }

    // ---- taking up

    function take_up(files) {
      const [file] = files;
      if (!file || !is_open()) return;
      under_way?.abort();
      if (files.length > 1) return refuse("WhatsApp takes one file in a message. Choose one of them.");
      if (!file.size) return refuse("The file is empty.");
      const most = Number(slot.dataset.bytesMax);
      if (file.size > most) return refuse(`The file is too large: WhatsApp takes up to ${Math.floor(most / 1e6)} MB.`);
      send_up(file);
    }

    function send_up(file) {
      const asked = new XMLHttpRequest();
      const body = new FormData();
      body.append("file", file, file.name);
      const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, ariaLabel: `Taking up ${file.name}` });
      under_way = asked;
      put(strip("is-under-way", words_of(file.name), bar, cross("Stop")));
      asked.open("POST", slot.dataset.attach);
      asked.setRequestHeader("X-Form-Token", form_token);
      asked.setRequestHeader("HX-Request", "true");
      asked.timeout = UPLOAD_MS;
      asked.upload.addEventListener("progress", ({ loaded, total }) => { bar.value = loaded / total; });
      asked.addEventListener("load", () => { over(asked); answered(asked, file); });
      for (const broken of ["error", "timeout"]) asked.addEventListener(broken, () => { over(asked); line_broke(file); });
      asked.send(body);
    }

    function over(asked) {
      if (under_way === asked) under_way = null;
    }

    function answered(asked, file) {
      if (asked.status === 422) return refuse(asked.responseText.trim());
      if (asked.status === 413) return refuse("The file is too large.");
      if (asked.status === 401 || asked.status === 403) return refuse("You are not signed in any more. Sign in again, and choose the file once more.");
      if (asked.status !== 200) return refuse("The desk could not take the file up.", "Try again", () => send_up(file));
      put(document.createRange().createContextualFragment(asked.responseText));
      document.dispatchEvent(new Event("desk:changed"));
      if (wants_to_send) reply.requestSubmit();
      else to_the_words();
      wants_to_send = false;
    }

    function line_broke(file) {
      refuse("The line broke before the file was here.", "Try again", () => send_up(file));
    }

    // What is wrong, in place of the file; with a button where one can do something about it.
    function refuse(why, does = "", act = null) {
      wants_to_send = false;
      const told = strip("is-refused", words_of(why));
      told.setAttribute("role", "alert");
      if (act) {
        const button = Object.assign(document.createElement("button"), { type: "button", className: "button is-small", textContent: does });
        button.addEventListener("click", act);
        told.append(button);
      }
      told.append(cross("Close"));
      put(told);
    }

    function strip(kind, ...parts) {
      const made = document.createElement("div");
      made.className = `chosen ${kind}`;
      made.append(...parts);
      return made;
    }

    function words_of(text) {
      return Object.assign(document.createElement("p"), { className: "chosen-what", textContent: text, dir: "auto" });
    }

    function cross(label) {
      const made = document.getElementById("cross").cloneNode(true);
      made.removeAttribute("id");
      Object.assign(made, { hidden: false, ariaLabel: label });
      return made;
    }

    // ---- taking away

    async function take_away() {
      const file = slot.querySelector("[data-file]")?.dataset.file;
      under_way?.abort();
      under_way = null;
      wants_to_send = false;
      if (file) {
        const asked = { method: "POST", headers: { "X-Form-Token": form_token, "HX-Request": "true" }, body: new URLSearchParams({ file }) };
        const got = await fetch(slot.dataset.detach, asked).catch(() => null);
        document.getElementById("no-answer").hidden = Boolean(got);
        if (!got?.ok || slot.querySelector("[data-file]")?.dataset.file !== file) return;
      }
      put();
      clip.focus();
    }

    // ---- dropping and pasting

    function set_up_dropping() {
      const talk = reply.closest(".talk");
      const has_files = (event) => event.dataTransfer?.types.includes("Files");
      for (const kind of ["dragenter", "dragover"]) {
        talk.addEventListener(kind, (event) => {
          if (!has_files(event) || !is_open()) return;
          event.preventDefault();
          composer.classList.add("is-dropped-on");
        });
      }
      talk.addEventListener("dragleave", (event) => {
        if (!talk.contains(event.relatedTarget)) composer.classList.remove("is-dropped-on");
      });
      // Beside the place meant for it a browser would open the file in place of the desk.
      for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => { if (has_files(event)) event.preventDefault(); });
      talk.addEventListener("drop", (event) => {
        composer.classList.remove("is-dropped-on");
        if (has_files(event)) take_up(event.dataTransfer.files);
      });
      words.addEventListener("paste", (event) => {
        // Words copied from a document come with a picture of themselves.
        if (!event.clipboardData.files.length || event.clipboardData.types.includes("text/plain")) return;
        event.preventDefault();
        take_up(event.clipboardData.files);
      });
    }

    // ---- leaving with the reply, and coming back with it

    function set_up_leaving() {
      reply.addEventListener("submit", (event) => {
        sent = slot.querySelector("[data-file]")?.dataset.file ?? "";
        if (!under_way) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        if (!wants_to_send) slot.querySelector(".chosen-what")?.append(" · is sent when it is here");
        wants_to_send = true;
      }, true);
      document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
        const status = ctx.response?.raw?.status ?? ctx.response?.status;
        const here = slot.querySelector("[data-file]")?.dataset.file ?? "";
        if (ctx.sourceElement === reply && status === 200 && sent && here === sent) put();
      });
      document.addEventListener("htmx:after:swap", () => {
        const given = document.querySelector("#answer .undone [data-given]");
        if (!given) return;
        given.remove();
        put(...given.children);
      });
    }
  }
}
