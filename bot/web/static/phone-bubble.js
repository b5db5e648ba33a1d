// What one message looks like. Words are only ever text nodes: whatever a patient or the clinic writes stays words.

const zone = document.body.dataset.zone
const clockFormat = new Intl.DateTimeFormat("en-SG", { timeZone: zone, hour: "numeric", minute: "2-digit" })
const dayFormat = new Intl.DateTimeFormat("en-SG", { timeZone: zone, weekday: "long", day: "numeric", month: "long" })
const dateFormat = new Intl.DateTimeFormat("en-CA", { timeZone: zone })
const DAY = 86_400_000

const states = {
  receiving: ["tick", "Sent"],
  received: ["ticks", "Delivered"],
  read: ["ticks", "Read"],
  failed: ["alert", "Not sent"],
}

export function node(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value)
  }
  made.append(...inside.filter((part) => part !== undefined))
  return made
}

export function icon(name, label) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use")
  use.setAttribute("href", `#icon-${name}`)
  made.append(use)
  made.setAttribute(label ? "aria-label" : "aria-hidden", label || "true")
  if (label) made.setAttribute("role", "img")
  return made
}

export const dayOf = (message) => dateFormat.format(message.at * 1000)

export function dayLine(message) {
  const day = dayOf(message)
  const [today, yesterday] = [0, DAY].map((back) => dateFormat.format(Date.now() - back))
  const words = day === today ? "Today" : day === yesterday ? "Yesterday" : dayFormat.format(message.at * 1000)
  return node("p", { class: "day" }, node("span", {}, words))
}

// https links, *bold*, _italic_ and ~struck out~, as WhatsApp reads them: the mark touches the word it marks.
const MARKS =
  /(https:\/\/[^\s<>"]*[^\s<>".,;:!?)\]])|(?<![\p{L}\p{N}])([*_~])(?!\s)((?:(?!\2)[^\n])+?)(?<!\s)\2(?![\p{L}\p{N}])/u
const tags = { "*": "strong", _: "em", "~": "s" }

export function words(text) {
  const made = document.createDocumentFragment()
  for (let found; (found = MARKS.exec(text)); text = text.slice(found.index + found[0].length)) {
    const [, link, mark, inner] = found
    made.append(text.slice(0, found.index))
    made.append(
      link
        ? node("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, link)
        : node(tags[mark], {}, words(inner)),
    )
  }
  made.append(text)
  return made
}

const answer = ({ shown }) => [
  node("blockquote", {}, node("b", {}, document.body.dataset.clinic), node("span", {}, words(shown.answered))),
  ...(shown.kind === "list" && shown.description
    ? [node("strong", { class: "chosen" }, shown.title), node("span", { class: "detail" }, shown.description)]
    : [node("span", {}, shown.title)]),
]

const attachment = (kind, title, detail) =>
  node("span", { class: "attachment" }, node("span", { class: "badge" }, icon(kind)),
    node("span", {}, node("b", {}, title), detail && node("span", { class: "detail" }, detail)))

const sizeOf = (bytes) => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`

const insides = {
  button: answer,
  photo: ({ body }) => [
    node("img", { src: document.body.dataset.photo, alt: "Photo of a letter", width: 480, height: 360 }), words(body)],
  voice: () => [
    node("span", { class: "voice" }, icon("play"), icon("wave"), node("span", { class: "detail" }, "0:04"),
      node("span", { class: "hidden" }, "Voice note"))],
  location: ({ shown }) => [
    node("span", { class: "map" }, icon("location")), node("b", {}, shown.label),
    node("span", { class: "detail" }, shown.address)],
  contact: () => [attachment("contact", "Dr Lim Wei", "+65 6000 0000")],
  // Twilio gives a document neither a name nor words: a patient sees that there is one.
  file: ({ sid, body, shown }) => shown.type === "application/pdf"
    ? [node("a", { class: "document", href: `/phone/files/${sid}`, download: "document.pdf" }, attachment("file", "Document", `PDF, ${sizeOf(shown.size)}`))]
    : [node("img", { src: `/phone/files/${sid}`, alt: "Photo from the clinic", width: 480, height: 360 }), words(body)],
}

function inside(message) {
  const { clinic, body, shown } = message
  const draw = clinic && shown.kind !== "file" ? undefined : shown.kind === "list" ? answer : insides[shown.kind]
  return draw ? draw(message) : [words(body)]
}

function meta(message) {
  const at = new Date(message.at * 1000)
  const [name, label] = message.clinic ? [] : states[message.status]
  return node("span", { class: "meta", "aria-live": "off" },
    node("time", { datetime: at.toISOString() }, clockFormat.format(at)), name && icon(name, label))
}

// A row of the log. `act` is told of a tapped button {option}, an opened list {list: true} or a retry {retry: true}.
export function bubble(message, act) {
  const { clinic, shown, status } = message
  const row = node("div", { class: `row ${clinic ? "from-clinic" : "from-patient"}`, "data-status": status })
  row.dataset.sid = message.sid
  if (message.failure) {
    row.className = "row undelivered"
    row.append(node("p", {}, `The clinic’s message did not arrive. ${message.failure} (${message.error_code})`))
    return row
  }
  const tap = (what, ...content) => {
    const button = node("button", { type: "button" }, ...content)
    button.addEventListener("click", () => act(what, message, button))
    return button
  }
  row.append(
    node("div", { class: "bubble" },
      node("span", { class: "hidden" }, clinic ? "Clinic: " : "You: "),
      node("div", { class: "words" }, ...inside(message)), meta(message)))
  if (clinic && shown.kind === "buttons") {
    const buttons = shown.options.map((option) => tap({ option }, icon("reply"), option.title))
    row.append(node("div", { class: "options" }, ...buttons))
  }
  if (clinic && shown.kind === "list") {
    const opener = tap({ list: true }, icon("list"), shown.button)
    opener.setAttribute("aria-haspopup", "dialog")
    row.append(node("div", { class: "options" }, opener))
  }
  if (status === "failed") {
    row.append(node("p", { class: "failed" }, "Not sent. ", tap({ retry: true }, "Try again")))
  }
  return row
}
