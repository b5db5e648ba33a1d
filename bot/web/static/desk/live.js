// What others do appears without a reload. The stream carries ids only; what is shown is asked for.
"use strict";

{
  const BEAT_LATE_MS = 40_000;
  const GAP_MS = 4000;
  const POLL_MS = 20_000;
  const SHIFT_MS = 30_000;
  const SOON_MS = 120;
  const PACE_MS = 500;
  const SOUND_MS = 2000;
  const bar = document.getElementById("live");
  const quiet = { "X-Quiet": "1", "X-Form-Token": form_token };
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("frontdesk-live") : null;
  const title = document.title;
  const icon = document.querySelector("link[rel=icon]");
  const plain_icon = icon.getAttribute("href");
  let stream = null;
  let gap = 0;
  let beat_at = Date.now();
  let known = null;

  // ---- one stream for all tabs of a browser: each browser opens six connections to a host, and no more

  function hear(ring) {
    if (ring.kind === "out") { location.reload(); return; }
    beat_at = Date.now();
    if (ring.kind === "down") { say_live(false); return; }
    if (say_live(true)) start_anew();
    else if (ring.id === "everything") refetch_all();
    else if (ring.kind !== "beat") refetch(ring.kind, ring.id);
  }

  function tell(kind, id = "") {
    channel?.postMessage({ kind, id });
    hear({ kind, id });
  }

  function lead() {
    stream?.close();
    stream = new EventSource(bar.dataset.stream);
    for (const kind of ["conv", "queue", "cal", "words", "beat", "out"]) {
      stream.addEventListener(kind, (event) => { mind_gap(false); tell(kind, event.data); });
    }
    stream.addEventListener("error", () => {
      // The browser tries again by itself, unless the answer was no stream at all. Now and then the desk ends a stream,
      // and has the next one ready: that is nothing to be told of.
      if (stream.readyState !== EventSource.CLOSED) { mind_gap(true); return; }
      tell("down");
      setTimeout(lead, 5000);
    });
  }

  function mind_gap(open) {
    if (open) { gap ||= setTimeout(tell, GAP_MS, "down"); return; }
    clearTimeout(gap);
    gap = 0;
  }

  channel?.addEventListener("message", (event) => hear(event.data));
  if (navigator.locks && channel) navigator.locks.request("frontdesk-live", () => { lead(); return new Promise(() => {}); });
  else lead();

  // Returns whether we are live again after a while in which we were not.
  function say_live(live) {
    const again = live && !bar.hidden;
    bar.hidden = live;
    document.body.toggleAttribute("data-not-live", !live);
    return again;
  }

  // ---- refetching what is shown: <div data-live="address" data-rings="conv:3f9a queue">

  const waiting = new Map();
  const asked_at = new WeakMap();
  const failing = new Set();
  let moved_at = 0;
  document.addEventListener("pointermove", () => { moved_at = Date.now(); }, { passive: true });

  function refetch(kind, id) {
    for (const part of document.querySelectorAll("[data-live]")) {
      const rings = part.dataset.rings.split(" ");
      if (rings.includes(kind) || rings.includes(`${kind}:${id}`)) soon(part);
    }
    if (kind === "conv" || kind === "queue") soon(bar);
  }

  // What was asked while the line was cut may never be answered, and what is asked next would wait for it.
  function start_anew() {
    for (const one of document.querySelectorAll("[data-live], form.htmx-request")) one.dispatchEvent(new Event("htmx:abort"));
    refetch_all();
  }

  function refetch_all() {
    for (const part of document.querySelectorAll("[data-live]")) soon(part);
    soon(bar);
  }

  // Once soon after a ring; in a storm of rings not more often than the desk can bear from forty screens.
  function soon(part, ms = Math.max(SOON_MS, (asked_at.get(part) ?? 0) + PACE_MS - performance.now())) {
    if (waiting.has(part)) return;
    waiting.set(part, setTimeout(async () => {
      waiting.delete(part);
      await now(part);
      asked_at.set(part, performance.now());
    }, ms));
  }

  async function now(part) {
    if (!part.isConnected) return;
    if (part === bar) { if (!list()) await count(); return; }
    // What a small screen does not show is not asked for.
    if (!part.checkVisibility()) return;
    if (in_use(part)) {
      soon(part, 1500);
      if (part.id === "list") await count();
      return;
    }
    const address = new URL(part.dataset.live, location.href);
    const since = part.querySelector("[data-since]")?.dataset.since;
    if (since) address.searchParams.set("since", since);
    await htmx.ajax("GET", address.pathname + address.search, { source: part, target: part, swap: "innerMorph", headers: quiet });
  }

  // Not when asking has ended: what is asked while an answer is still on its way waits for it, and its asking ends at
  // once. Only what is on the page by now is fresh.
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    const part = detail.ctx.sourceElement;
    if (!part.matches("[data-live]")) return;
    part.dispatchEvent(new CustomEvent("desk:fresh", { bubbles: true }));
    if (list()) { asked += 1; show_count(list().dataset); }
  });

  // Nothing moves under the pointer, and nothing closes that somebody has opened.
  function in_use(part) {
    return part.querySelector("details[open], [role=listbox]:not([hidden])") || (part.id === "list" && part.matches(":hover") && Date.now() - moved_at < 1500);
  }

  document.addEventListener("htmx:before:swap", (event) => {
    const { sourceElement: part, response } = event.detail.ctx;
    if (!part.matches("[data-live]")) return;
    const told = document.querySelector("#notices [data-passing]");
    // What could not be asked for is said once, and no longer than it is so.
    if (response.status >= 400) {
      failing.add(part);
      if (told) event.preventDefault();
      return;
    }
    failing.delete(part);
    if (!failing.size) told?.remove();
    // She may have opened it while its news was under way.
    if (!in_use(part)) return;
    event.preventDefault();
    soon(part, 1500);
  });

  for (const part of document.querySelectorAll("[data-lazy]")) {
    soon(part, 0);
    // It comes into view when the window grows.
    new ResizeObserver(() => { if (!part.childElementCount) soon(part); }).observe(part);
  }

  // ---- what one hears of without looking: the count in the title, and a sound while on shift

  let asked = 0;

  async function count() {
    const mine = ++asked;
    const answer = await fetch(bar.dataset.count, { headers: quiet }).catch(() => null);
    // Who is signed out meanwhile is led to the sign-in, which counts nothing.
    const found = answer?.ok && !answer.redirected ? await answer.json() : null;
    // An answer that comes after a later question was asked is old.
    if (found && mine === asked) show_count(found);
  }

  // The list of the inbox brings the count along.
  function list() {
    return document.querySelector("#list [data-needs]");
  }

  // The desk says it as JSON, the list as attributes, where a word that is there means yes.
  function show_count({ needs: waiting, alarm, urgent = false }) {
    const found = { needs: Number(waiting), alarm };
    const badge = document.getElementById("inbox-count");
    const needs = found.needs > 99 ? "99+" : found.needs;
    if (badge) {
      badge.textContent = needs;
      badge.hidden = !found.needs;
    }
    document.title = (found.needs ? `(${needs}) ` : "") + title;
    show_icon(found.needs, urgent !== false);
    const more = known && found.needs > known.needs;
    const late = known && found.alarm && found.alarm !== known.alarm;
    if (more || late) sound();
    // For whoever listens to the page instead of looking at it: nothing takes the focus away.
    if (more) say("says", found.needs === 1 ? "One conversation waits for one of you" : `${needs} conversations wait for one of you`);
    if (late) say("calls", "Somebody has waited too long, or it is urgent");
    known = found;
  }

  // Only what differs: a browser asks for an icon anew whenever it is named.
  function show_icon(waiting, urgent) {
    const wanted = waiting ? `${bar.dataset.icons}?waiting=${Math.min(waiting, 10)}${urgent ? "&urgent" : ""}` : plain_icon;
    if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  }

  function say(where, words) {
    document.getElementById(where).textContent = words;
  }

  const shift = document.getElementById("shift");
  const pause = (ms) => new Promise((over) => { setTimeout(over, ms); });
  let audio = null;

  // All tabs of a browser hear of it; one that is allowed to makes the sound for all of them.
  async function sound() {
    if (shift?.getAttribute("aria-pressed") !== "true") return;
    audio ??= new AudioContext();
    await Promise.race([audio.resume(), pause(SOON_MS)]);
    if (audio.state !== "running") return;
    if (!navigator.locks) { play(); return; }
    navigator.locks.request("frontdesk-sound", { ifAvailable: true }, async (mine) => {
      if (!mine) return;
      play();
      await pause(SOUND_MS);
    });
  }

  function play() {
    for (const [start, tone] of [[0, 660], [0.16, 880]]) {
      const note = audio.createOscillator();
      const loudness = audio.createGain();
      note.frequency.value = tone;
      loudness.gain.setValueAtTime(0.15, audio.currentTime + start);
      loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + start + 0.35);
      note.connect(loudness).connect(audio.destination);
      note.start(audio.currentTime + start);
      note.stop(audio.currentTime + start + 0.4);
    }
  }

  async function say_shift(on) {
    await fetch(shift.form.action, { method: "POST", headers: quiet, body: new URLSearchParams({ on: on ? "1" : "0" }) }).catch(() => null);
  }

  shift?.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const on = shift.getAttribute("aria-pressed") !== "true";
    shift.setAttribute("aria-pressed", String(on));
    await say_shift(on);
    // Sounds are allowed once somebody has asked for them; this one says what they are like.
    if (on) sound();
    refetch("queue", "");
  });

  // ---- the net below the stream

  setInterval(() => {
    if (Date.now() - beat_at > BEAT_LATE_MS) {
      say_live(false);
      // A line that was cut without a word would be listened to for ever.
      if (stream) lead();
    }
    if (!document.hidden) refetch_all();
  }, POLL_MS);
  setInterval(() => { if (shift?.getAttribute("aria-pressed") === "true") say_shift(true); }, SHIFT_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refetch_all(); });
  window.addEventListener("online", refetch_all);
  document.addEventListener("desk:changed", refetch_all);
  if (list()) show_count(list().dataset); else count();
}
