// Requests of the wire, and what they were answered.

import { get } from "./api.js";
import { badge, draw, el, folded, moment, sent, size } from "./dom.js";

export const name = "Requests";
export const empty = "No requests yet.";

export async function list() {
  const { requests, total } = await get("/requests");
  return { rows: requests, total };
}

export const id = (request) => String(request.number);

export function row(request) {
  return [
    el("span", { class: "title" }, el("code", null, request.method), " ", sent(request.path)),
    status(request),
    el("span", { class: "about" }, size(request.bytes) + " in, " + size(request.answer_bytes) + " out"),
    moment(request.at),
  ];
}

// A fault that has no argument is its name.
const faultText = (fault) => (typeof fault === "string" ? fault : JSON.stringify(fault));

function status(request) {
  const kind = request.fault ? "attention" : request.status < 400 ? "done" : "bad";
  return badge(request.status + (request.fault ? " · fault" : ""), kind);
}

export const load = (number) => get("/requests/" + encodeURIComponent(number));

export const frame = () => [el("div", { "data-part": "request" })];

export function show([part], request) {
  draw(part, request, () => [
    el("h2", { tabindex: "-1" }, el("code", null, request.method), " ", sent(request.path)),
    el("p", { class: "line" }, status(request), moment(request.at), request.fault ? el("span", null, "Fault: ", sent(faultText(request.fault))) : null),
    request.query ? [el("h3", null, "Query"), el("pre", { tabindex: "0" }, request.query.replaceAll("&", "\n&"))] : null,
    el("h3", null, "Request"),
    headers(request.headers, "request headers"),
    content(request.body),
    request.body.kind === "empty"
      ? null
      : el("p", null, el("a", { href: "/_sandbox/requests/" + request.number + "/body", download: "" }, "Save the body")),
    el("h3", null, "Answer"),
    headers(request.answer_headers, "answer headers"),
    content(request.answer),
  ]);
}

function headers(list, key) {
  const rows = list.map(({ name, value }) => [el("dt", null, name), el("dd", null, sent(value))]);
  const label = list.length === 1 ? "1 header" : list.length + " headers";
  return folded(label, key, () => el("dl", { class: "headers" }, rows));
}

function content({ kind, bytes, text }) {
  if (text !== null) {
    return el("pre", { tabindex: "0" }, text);
  }
  const kinds = { empty: "Without a body.", zip: "A zip, " + size(bytes) + ".", binary: "Neither JSON nor text, " + size(bytes) + "." };
  return el("p", { class: "quiet" }, kinds[kind]);
}
