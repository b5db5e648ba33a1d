// The patients' phones. One loop asks the desk for news and draws it; everything else is a tap.

import { bubble, dayLine, dayOf, node } from "./phone-bubble.js"

const TYPING_MS = 8000
const NEAR_END_PX = 80
const RETRY_MS = 1000

const $ = (selector, within = document) => within.querySelector(selector)
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const phones = new Map() // by the patient's address, in the order of the page
let current // the phone shown where only one fits

// To the desk

async function post(path, body) {
  const headers = { "Content-Type": "application/json", "X-Frontdesk-Phone": "1" }
  return fetch(`/phone/${path}`, { method: "POST", headers, body: JSON.stringify(body) })
}

async function tell(path, body) {
  try {
    const answer = await post(path, body)
    trouble(answer.ok ? "" : "The desk did not take this.")
    return answer.ok
  } catch {
    trouble("The desk does not answer.")
    return false
  }
}

function trouble(words) {
  $(".trouble").textContent = words
}

// News from the desk

async function listen() {
  for (let after = 0; ; ) {
    if (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }))
    const asking = new AbortController()
    const leave = () => document.hidden && asking.abort()
    document.addEventListener("visibilitychange", leave)
    try {
      const answer = await fetch(`/phone/events?after=${after}`, { signal: asking.signal })
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      const news = await answer.json()
      if ($(".trouble").textContent.includes("Trying")) trouble("")
      draw(news)
      after = news.change
      if (news.busy) await pause(RETRY_MS)
    } catch (failure) {
      if (failure.name !== "AbortError") {
        trouble("The desk does not answer. Trying again…")
        await pause(RETRY_MS)
      }
    } finally {
      document.removeEventListener("visibilitychange", leave)
    }
  }
}

function draw({ patients, messages, whole }) {
  const addresses = new Set(patients.map((patient) => patient.address))
  for (const [address, phone] of phones) {
    if (whole || !addresses.has(address)) phone.remove()
  }
  for (const patient of patients) {
    if (!phones.has(patient.address)) phones.set(patient.address, new Phone(patient))
  }
  for (const message of messages) phones.get(message.patient)?.take(message, !whole)
  show(phones.has(current) ? current : phones.keys().next().value)
}

function show(address) {
  current = address
  for (const phone of phones.values()) phone.mark(phone.address === address)
}

// A phone

class Phone {
  constructor({ address, name }) {
    Object.assign(this, { address, name, messages: [], rows: new Map(), seen: 0, follows: true })
    this.number = readable(address)
    this.element = $("#phone").content.firstElementChild.cloneNode(true)
    this.log = $(".log", this.element)
    this.field = $("textarea", this.element)
    this.typing = $(".typing", this.element)
    this.toEnd = $(".to-end", this.element)
    this.tab = node("button", { type: "button", class: "tab" },
      node("span", { class: "badge", "data-hue": hue(name) }, initials(name)), node("span", {}, name),
      node("b", { class: "unread", hidden: "" }))
    this.nameEverything()
    this.listen()
    $(".phones").append(this.element)
    $(".tabs").append(this.tab)
  }

  nameEverything() {
    for (const place of this.element.querySelectorAll(".name")) place.textContent = this.name
    $(".number", this.element).textContent = this.number
    const labels = {
      ".log": `Messages of ${this.name} and the clinic`,
      textarea: `Message as ${this.name}`,
      ".send": `Send as ${this.name}`,
      ".attach": `Attach as ${this.name}`,
      ".more": `About the phone of ${this.name}`,
    }
    for (const [place, label] of Object.entries(labels)) $(place, this.element).setAttribute("aria-label", label)
    this.element.setAttribute("aria-label", `Phone of ${this.name}`)
  }

  listen() {
    this.tab.addEventListener("click", () => show(this.address))
    this.log.addEventListener("scroll", () => {
      if (this.isOpen()) this.follows = this.isAtEnd()
      this.look()
    })
    new ResizeObserver(() => this.look()).observe(this.log)
    this.toEnd.addEventListener("click", () => this.goToEnd())
    this.field.addEventListener("input", () => this.grow())
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault()
        this.sendText()
      }
    })
    $("form", this.element).addEventListener("submit", (event) => {
      event.preventDefault()
      this.sendText()
    })
    $(".attach", this.element).addEventListener("click", () => this.attach())
    $(".more", this.element).addEventListener("click", () => about(this))
    for (const starter of this.element.querySelectorAll(".empty button")) {
      starter.addEventListener("click", () => this.send({ kind: "text", text: starter.textContent }))
    }
  }

  remove() {
    phones.delete(this.address)
    this.element.remove()
    this.tab.remove()
  }

  mark(isCurrent) {
    this.element.classList.toggle("current", isCurrent)
    this.tab.setAttribute("aria-current", isCurrent)
    this.look()
  }

  // Messages

  take(message, isNew) {
    const known = this.messages.findIndex(({ sid }) => sid === message.sid)
    if (known < 0) this.messages.push(message)
    else this.messages[known] = message
    this.put(message, isNew && known < 0)
    if (isNew && known < 0) this.expect(message)
    if (message.status === "failed") this.stopTyping()
    for (const earlier of this.messages) {
      if (earlier.status !== "received" || !this.isAnswered(earlier)) continue
      earlier.status = "read"
      this.put(earlier)
    }
  }

  put(message, isNew) {
    const old = this.rows.get(message.sid)
    // How far a clinic message has come is not shown to the patient, and a button must not vanish under a finger.
    if (old && message.clinic && !message.failure) return
    const row = bubble(message, (what, about, opener) => this.act(what, about, opener))
    if (!old) this.append(row, message, isNew)
    else if ([old.dataset.status, message.status].includes("failed")) this.replace(old, row, message)
    else {
      old.dataset.status = message.status
      $(".meta", old).replaceWith($(".meta", row))
    }
  }

  replace(old, row, { sid }) {
    row.classList.toggle("tail", old.classList.contains("tail"))
    old.replaceWith(row)
    this.rows.set(sid, row)
  }

  append(row, message, isNew) {
    this.rows.set(message.sid, row)
    const before = this.messages.at(-2)
    const isNewDay = !before || dayOf(before) !== dayOf(message)
    if (isNewDay) this.typing.before(dayLine(message))
    row.classList.toggle("tail", isNewDay || before.clinic !== message.clinic)
    row.classList.toggle("new", isNew)
    this.typing.before(row)
    $(".empty", this.element)?.remove()
  }

  // An answer shows that the clinic has read what came before it, whichever news comes first.
  isAnswered({ id }) {
    return this.messages.some((other) => other.clinic && !other.failure && other.id > id)
  }

  expect({ clinic, status }) {
    if (clinic) this.stopTyping()
    else if (status !== "failed") this.startTyping()
    if (!clinic) this.follows = true
  }

  startTyping() {
    this.stopTyping()
    this.typing.hidden = false
    $(".presence", this.element).textContent = "typing…"
    this.patience = setTimeout(() => this.stopTyping(), TYPING_MS)
  }

  stopTyping() {
    clearTimeout(this.patience)
    this.typing.hidden = true
    $(".presence", this.element).textContent = "online"
  }

  // What is before the patient's eyes

  isOpen() {
    return this.element.offsetParent !== null
  }

  isAtEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_END_PX
  }

  goToEnd() {
    this.follows = true
    this.look()
  }

  // Keeps to the end where the patient was there, tells the desk what she has seen, counts what she has not.
  look() {
    const isOpen = this.isOpen() && !document.hidden
    if (isOpen && this.follows) this.log.scrollTop = this.log.scrollHeight
    const atEnd = this.follows
    const last = this.messages.at(-1)?.id ?? 0
    const unread = this.messages.filter(({ clinic, failure, seen, id }) => clinic && !failure && !seen && id > this.seen)
    if (isOpen && atEnd && unread.length) {
      this.seen = last
      post("seen", { patient: this.address, last }).catch(() => (this.seen = 0))
    }
    const waiting = isOpen && atEnd ? 0 : unread.length
    const count = $(".unread", this.tab)
    count.hidden = !waiting
    count.textContent = waiting
    count.setAttribute("aria-label", `${waiting} unread`)
    this.toEnd.hidden = atEnd
    $("b", this.toEnd).textContent = waiting || ""
    this.toEnd.setAttribute("aria-label", waiting ? `${waiting} new, go to the latest` : "Go to the latest message")
  }

  // Writing

  grow() {
    this.field.style.height = "auto"
    this.field.style.height = `${this.field.scrollHeight}px`
    this.element.classList.toggle("has-text", this.field.value.trim() !== "")
  }

  write(text) {
    this.field.value = text
    this.grow()
  }

  async send(words) {
    return tell("send", { patient: this.address, ...words })
  }

  async sendText(kind = "text") {
    const text = this.field.value.trim()
    if (!text && kind === "text") return
    this.write("")
    if (!(await this.send({ kind, text })) && !this.field.value) this.write(text)
  }

  async attach() {
    const kind = await ask($("#attach"), this)
    if (!kind) return
    this.field.focus()
    await this.sendText(kind)
  }

  async act(what, message, opener) {
    if (what.retry) await tell("retry", { message: message.sid })
    if (what.option) await this.send({ kind: "button", message: message.sid, option: what.option.id })
    if (what.list) await this.choose(message)
    // Whoever writes on meanwhile keeps the pen: her next Enter would tap again.
    if (opener.isConnected && document.activeElement !== this.field) opener.focus({ preventScroll: true })
  }

  async choose({ sid, body, shown }) {
    const sheet = $("#list")
    const rows = shown.options.map(({ id, title, description }) =>
      node("label", {}, node("span", {}, node("b", {}, title), description && node("span", {}, description)),
        node("input", { type: "radio", name: "option", value: id })))
    $("h2", sheet).textContent = shown.button
    $("legend", sheet).textContent = body.split("\n")[0]
    $("fieldset", sheet).replaceChildren($("legend", sheet), ...rows)
    const main = $(".main", sheet)
    main.disabled = true
    sheet.onchange = () => {
      main.disabled = false
      main.value = $("input:checked", sheet).value
    }
    const option = await ask(sheet, this)
    if (option) await this.send({ kind: "list", message: sid, option })
  }
}

// Sheets and cards

// Opens a dialog, over one phone where it is a sheet; gives the value of the button that closed it, or "".
function ask(dialog, phone) {
  if (phone) {
    // Of several phones one may stand half outside of the window, and the sheet with it.
    phone.element.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" })
    const screen = $(".screen", phone.element)
    const { left, bottom } = screen.getBoundingClientRect()
    dialog.style.left = `${left + screen.clientLeft}px`
    dialog.style.width = `${screen.clientWidth}px`
    dialog.style.bottom = `${innerHeight - bottom + screen.clientTop}px`
  }
  dialog.returnValue = ""
  dialog.showModal()
  // A browser tells that a dialog was closed a little later: it may be open again by then, and asks for somebody else.
  return new Promise((resolve) => (dialog.onclose = () => dialog.open || resolve(dialog.returnValue)))
}

function keepFocus(dialog, event) {
  if (event.key !== "Tab") return
  const stops = [...dialog.querySelectorAll("button, input")].filter((stop) => !stop.disabled)
  const [first, last] = [stops[0], stops.at(-1)]
  const [from, to] = event.shiftKey ? [first, last] : [last, first]
  const radios = document.activeElement.type === "radio" && from.type === "radio"
  if (document.activeElement === from || radios) {
    event.preventDefault()
    to.focus()
  }
}

for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("keydown", (event) => keepFocus(dialog, event))
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close(""))
  for (const button of dialog.querySelectorAll("button[type=button]")) {
    button.addEventListener("click", () => dialog.close(""))
  }
}
addEventListener("resize", () => {
  for (const sheet of document.querySelectorAll(".sheet[open]")) sheet.close("")
})

async function about(phone) {
  const card = $("#removing")
  $("h2", card).textContent = `Phone of ${phone.name}`
  $(".number", card).textContent = phone.number
  if ((await ask(card)) === "remove") await tell("patients/remove", { patient: phone.address })
}

$(".add").addEventListener("click", () => {
  $("#adding form").reset()
  $(".wrong").textContent = ""
  $("#adding").showModal()
})
$("#adding form").addEventListener("submit", async (event) => {
  event.preventDefault()
  const { name, number } = Object.fromEntries(new FormData(event.target))
  const answer = await post("patients", { name, number }).catch(() => undefined)
  const reasons = { 400: "Please check the number.", 409: "There is such a phone already, or no room for more." }
  $(".wrong").textContent = answer?.ok ? "" : (reasons[answer?.status] ?? "The desk does not answer.")
  if (!answer?.ok) return
  $("#adding").close()
  current = (await answer.json()).address
  if (phones.has(current)) show(current)
})

// Names and numbers

const initials = (name) => name.split(/\s+/).slice(0, 2).map((part) => [...part][0]).join("").toUpperCase()
const hue = (name) => [...name].reduce((sum, letter) => (sum * 5 + letter.codePointAt(0)) % 997, 0) % 6

function readable(address) {
  const name = address.replace("whatsapp:", "")
  return name.startsWith("+65") ? name.replace(/^(\+65)(\d{4})(\d{4})$/, "$1 $2 $3") : name
}

document.addEventListener("visibilitychange", () => phones.forEach((phone) => phone.look()))
listen()
