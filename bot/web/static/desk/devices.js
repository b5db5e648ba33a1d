// Alerts on this device: says truly how it stands here, and switches them on when asked. A browser asks for permission
// only after a tap, and asks no second time once it was refused.
"use strict";

{
  const here = document.getElementById("this-device");
  const form = here.querySelector("form");
  const WORKER = { scope: "/desk/" };

  function show(state, why = "") {
    for (const one of here.querySelectorAll("[data-state]")) one.hidden = one.dataset.state !== state;
    if (why) here.querySelector("[data-why]").textContent = why;
  }

  const of_apple = /iPhone|iPad/.test(navigator.userAgent) || (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);

  async function look() {
    if (!window.isSecureContext) return show("insecure");
    if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
      return show(of_apple && !navigator.standalone ? "home-screen" : "unsupported");
    }
    const row = row_of(await endpoint_id((await subscription())?.endpoint));
    if (row) row.querySelector("[data-here]").hidden = false;
    if (Notification.permission === "denied") return show("denied");
    show(row ? "on" : "off");
  }

  async function subscription() {
    const worker = await navigator.serviceWorker.getRegistration(WORKER.scope);
    return worker?.pushManager.getSubscription();
  }

  // The list knows devices by a digest of where they are told.
  async function endpoint_id(endpoint) {
    if (!endpoint) return "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(endpoint));
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 32);
  }

  const row_of = (id) => id && document.querySelector(`[data-device="${id}"]`);

  const bytes_of = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

  async function subscribe() {
    await navigator.serviceWorker.register(here.dataset.worker, WORKER);
    const worker = await navigator.serviceWorker.ready;
    // One that is not on the list is of no use any more: removed, or made for another key.
    await (await worker.pushManager.getSubscription())?.unsubscribe();
    return worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes_of(here.dataset.key) });
  }

  form.addEventListener("submit", async (event) => {
    if (form.endpoint.value) return;
    event.preventDefault();
    try {
      if (await Notification.requestPermission() !== "granted") return look();
      show("asking");
      const { endpoint, keys } = (await subscribe()).toJSON();
      form.endpoint.value = endpoint;
      form.key.value = keys.p256dh;
      form.secret.value = keys.auth;
      form.requestSubmit();
    } catch (error) {
      show("trouble", error.name === "AbortError" ? "Its push service cannot be reached from here." : `It says: ${error.message}`);
    }
  });

  // Removing this very device has the browser forget us as well.
  document.addEventListener("submit", async (event) => {
    const row = event.target.closest("[data-device]");
    if (!row || !("removes" in event.target.dataset) || row.querySelector("[data-here]").hidden) return;
    event.preventDefault();
    await (await subscription())?.unsubscribe().catch(() => {});
    event.target.submit();
  });

  look().catch((error) => show("trouble", `It says: ${error.message}`));
}
