"use strict";
// A cart that is live in every window: commands go out by fetch, the cart comes back by push only.
// The address carries the cart (and a guest's token), so that a second window shows the same one.

const SHELF = [
  ["laptop", "Gaming laptop", 129900, "L"],
  ["headset", "Wireless headset", 8950, "H"],
  ["keyboard", "Mechanical keyboard", 14900, "K"],
  ["mouse", "Quiet mouse", 3990, "M"],
  ["lamp", "Desk lamp", 5490, "D"],
  ["mug", "Coffee mug", 1290, "C"],
];
const LOG_LENGTH = 8;
const RETRY_MS = [250, 500, 1000, 2000, 5000];
const NEW_CART_MS = 1000; // between looks for a cart that nobody has put anything in yet

const byId = (id) => document.getElementById(id);
const place = new URLSearchParams(location.hash.slice(1));
const state = { version: 0, tries: 0, stop: () => {}, sentAt: 0, quantities: new Map() };
let cartId = place.get("cart");
let token = place.get("token");

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function money(minor, currency) {
  if (!currency) return ""; // nothing was put into the cart yet
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(minor / 100);
}

// ---- what is shown

function showConnection(name, text) {
  byId("connection").dataset.state = name;
  byId("connection").textContent = text;
}

function showProblem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

function lineRow(line, currency) {
  const step = (text, title, quantity) => element("button", {
    className: "step", type: "button", textContent: text, title,
    onclick: () => setQuantity(line.productId, quantity),
  });
  const row = element("tr", {},
    element("td", { textContent: line.productName }),
    element("td", { textContent: money(line.price, currency) }),
    element("td", {},
      step("\u2212", "one less", line.quantity - 1),
      element("span", { className: "count", textContent: line.quantity }),
      step("+", "one more", line.quantity + 1)),
    element("td", { textContent: money(line.lineTotal, currency) }));
  row.dataset.product = line.productId;
  row.className = state.quantities.get(line.productId) === line.quantity ? "" : "new";
  return row;
}

function showView(view, transport) {
  if (view.version <= state.version) return;
  byId("lines").replaceChildren(...view.items.map((line) => lineRow(line, view.currency)));
  state.quantities = new Map(view.items.map((line) => [line.productId, line.quantity]));
  state.version = view.version;
  byId("version").textContent = view.version;
  byId("quantity").textContent = view.totalQuantity;
  byId("total").textContent = money(view.total, view.currency);
  byId("empty").hidden = view.items.length > 0;
  const age = state.sentAt ? `, ${Math.round(performance.now() - state.sentAt)} ms after the click here` : "";
  state.sentAt = 0;
  byId("log").prepend(element("li", {
    textContent: `${new Date().toLocaleTimeString()}  version ${view.version} by ${transport}${age}`,
  }));
  while (byId("log").children.length > LOG_LENGTH) byId("log").lastChild.remove();
}

// ---- commands

async function command(method, path, body) {
  const headers = {};
  if (body) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  state.sentAt = performance.now();
  showProblem("");
  try {
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) showProblem((await answer.json()).detail || answer.statusText);
    return answer;
  } catch {
    showProblem("The server does not answer.");
    return null;
  }
}

async function add([productId, productName, price]) {
  const body = { userId: `demo-${cartId}`.slice(0, 64), productId, productName, price, quantity: 1 };
  if (token) delete body.userId; // a guest has no user id
  const answer = await command("POST", `/api/cart/${cartId}/items`, body);
  if (answer && answer.status === 201) connect(); // now there is one
}

function setQuantity(productId, quantity) {
  return command("PUT", `/api/cart/${cartId}/items/${productId}`, { quantity });
}

// ---- pushes

function again() {
  const pause = RETRY_MS[Math.min(state.tries++, RETRY_MS.length - 1)];
  showConnection("away", "trying again");
  const timer = setTimeout(connect, pause);
  state.stop = () => clearTimeout(timer);
}

function waitForCart() {
  heard("live");
  const timer = setTimeout(connect, NEW_CART_MS);
  state.stop = () => clearTimeout(timer);
}

function heard(text) {
  state.tries = 0;
  showConnection("live", text);
}

function connectSocket() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const protocols = token ? ["cartwright.v1", `bearer.${token}`] : ["cartwright.v1"];
  const socket = new WebSocket(`${scheme}://${location.host}/ws`, protocols);
  let wanted = true;
  const subscribe = () => {
    if (socket.readyState === WebSocket.OPEN)
      socket.send(JSON.stringify({ type: "subscribe", cartId, version: state.version }));
  };
  socket.onopen = subscribe;
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    heard("live");
    if (message.type === "view") showView(message.view, "WebSocket");
    else if (message.code === "cart_not_found") setTimeout(subscribe, NEW_CART_MS);
    else if (message.type === "error") showProblem(message.message);
  };
  socket.onclose = () => { if (wanted) again(); };
  state.stop = () => { wanted = false; socket.close(); };
}

// By fetch and not by EventSource, which cannot send a token.
async function connectEvents() {
  const control = new AbortController();
  state.stop = () => control.abort();
  const headers = { "Last-Event-ID": String(state.version) };
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    const answer = await fetch(`/api/cart/${cartId}/stream`, { headers, signal: control.signal });
    if (answer.status === 404) return waitForCart();
    if (!answer.ok) throw new Error(answer.statusText);
    heard("live");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let text = "";;) {
      const { value, done } = await reader.read();
      if (done) break;
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const event of events) {
        const data = event.split("\n").find((line) => line.startsWith("data: "));
        if (data) showView(JSON.parse(data.slice(6)), "server-sent event");
      }
    }
  } catch {
    // tried again below, unless we wanted it
  }
  if (!control.signal.aborted) again();
}

function connect() {
  state.stop();
  const transport = document.querySelector("input[name=transport]:checked").value;
  if (transport === "socket") connectSocket();
  else connectEvents();
}

// ---- the beginning

// The server gives the cart its id and us, its guest, the token.
async function openCart() {
  const answer = await command("POST", "/api/cart");
  if (!answer || !answer.ok) return false;
  const opened = await answer.json();
  cartId = opened.cartId;
  token = opened.guestToken;
  place.set("cart", cartId);
  place.set("token", token);
  history.replaceState(null, "", `#${place}`);
  state.sentAt = 0;
  return true;
}

async function begin() {
  if (!cartId && !(await openCart())) {
    showConnection("away", "no cart: load the page again");
    return;
  }
  byId("cart-id").textContent = cartId;
  byId("shelf").append(...SHELF.map((product) => element("li", {},
    element("span", { className: "mark", textContent: product[3] }),
    element("span", { className: "name" }, product[1],
      element("span", { className: "price", textContent: money(product[2], "USD") })),
    element("button", { type: "button", id: `add-${product[0]}`, textContent: "Add",
      onclick: () => add(product) }))));
  byId("second").onclick = () => window.open(location.href, "_blank", "width=1100,height=800");
  for (const input of document.querySelectorAll("input[name=transport]")) input.onchange = connect;
  connect();
}

begin();
