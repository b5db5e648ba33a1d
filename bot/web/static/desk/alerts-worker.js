// Shows alerts while no page of the desk is open. It does nothing else: pages are fetched as if it were not there.
"use strict";

const NOTHING_READ = { id: "unread", title: "The desk", text: "Something needs you.", path: "/desk/inbox" };

addEventListener("install", () => skipWaiting());

addEventListener("push", (event) => {
  const told = read(event.data);
  // Told again it takes the place of what it told before, without a sound.
  event.waitUntil(registration.showNotification(told.title, {
    body: told.text, tag: told.id, data: told.path, icon: "/static/desk/icon-192.png",
  }));
});

// A browser shows words of its own when we show nothing.
function read(data) {
  try {
    return { ...NOTHING_READ, ...data?.json() };
  } catch {
    return NOTHING_READ;
  }
}

// What is typed in a window that is open is nobody's to leave: a page that shows it already comes to the front.
addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data, location.origin);
  event.waitUntil(clients.matchAll({ type: "window", includeUncontrolled: true }).then((open) => {
    const there = open.find((one) => new URL(one.url).pathname === wanted.pathname);
    return there ? there.focus() : clients.openWindow(wanted.origin === location.origin ? wanted : "/desk/inbox");
  }));
});
