// Callbacks: the list, one callback with its attempts, and the rules for those to come.

import { attempt, get, send } from "./api.js";
import { badge, button, draw, el, folded, moment, sent, size } from "./dom.js";

const STATES = {
  waiting: ["Waiting", "waiting"],
  held_back: ["Held back", "waiting"],
  under_way: ["Under way", "waiting"],
  delivered: ["Delivered", "done"],
  given_up: ["Given up", "bad"],
  dropped: ["Dropped", "bad"],
};

const KINDS = {
  duplicate: "Duplicate",
  stale: "Stale",
  wrongly_signed: "Wrongly signed",
  tampered: "Tampered",
  oversized: "Oversized",
  delay: "Delay",
  reorder: "Reorder",
  drop: "Drop",
};

// What is sent along if nobody says otherwise: half a minute late, a day old.
const SECONDS = { delay: 30, stale: 86400 };

const EXPLANATIONS = {
  duplicate: "twice, at the same moment",
  stale: "with an old timestamp, properly signed",
  wrongly_signed: "with the signature of another key",
  tampered: "with its verdict turned round, and its signature as it was",
  oversized: "with a photo of 3 MiB",
  delay: "later",
  reorder: "after the next callback of its job",
  drop: "never",
};

export const name = "Callbacks";
export const empty = "No callbacks yet. They are made when a job that has a callback address gets its result.";

export async function list() {
  const { callbacks, total } = await get("/callbacks");
  return { rows: callbacks, total };
}

export const id = (callback) => String(callback.number);

export function row(callback) {
  const [state, kind] = STATES[callback.state];
  return [
    el("span", { class: "title" }, callbackName(callback)),
    badge(state, kind),
    el("span", { class: "about" }, sent(callback.job_id), callback.result_code ? " · " + callback.result_code : null),
    moment(callback.made_at),
  ];
}

export const load = async (number) => ({ callback: await get("/callbacks/" + encodeURIComponent(number)) });

export const frame = () => [el("div", { "data-part": "callback" })];

export function show([part], { callback }) {
  draw(part, callback, () => [
    el("h2", { tabindex: "-1" }, callbackName(callback)),
    callbackCard(callback, true),
  ]);
}

export function callbackName(callback) {
  const kind = callback.disturbance ? ", " + KINDS[callback.disturbance.kind].toLowerCase() : "";
  const copy = callback.copy_of === null ? "" : ", a copy of " + callback.copy_of;
  return "Callback " + callback.number + copy + kind;
}

export function outcomeText({ outcome, status }) {
  const outcomes = {
    unreachable: "nobody listens there",
    timed_out: "no answer in time",
    interrupted: "the connection broke",
    refused: "not tried, as the address is not http on this machine",
  };
  return outcomes[outcome] ?? "answered " + status;
}

export function callbackCard(callback, isAlone = false) {
  const [state, kind] = STATES[callback.state];
  const key = (name) => "callback " + callback.number + " " + name;
  const due = callback.due ? [" Due at ", moment(callback.due), "."] : null;
  const body = folded("Body, " + size(callback.bytes), key("body"), async () => {
    const { body } = await get("/callbacks/" + callback.number);
    return el("pre", { tabindex: "0" }, body.text ?? "This body can't be shown.");
  });
  const title = isAlone ? null : el("h4", null, callbackName(callback));
  const code = callback.result_code ? el("code", null, callback.result_code) : null;
  return el(
    "article",
    { class: "card" },
    el("div", { class: "line" }, title, badge(state, kind), code, el("span", { class: "quiet" }, "made at ", moment(callback.made_at), ".", due)),
    el("p", { class: "address" }, "to ", sent(callback.url), isAlone ? [", for ", job(callback)] : null),
    attempts(callback),
    actions(callback, key),
    body,
  );
}

// A job that was forgotten has no page.
function job(callback) {
  const name = sent(callback.job_id);
  return callback.smile_job_id === null ? name : el("a", { href: "#/jobs/" + callback.smile_job_id }, name);
}

function attempts(callback) {
  if (callback.attempts.length === 0) {
    return el("p", { class: "quiet" }, "Not posted so far.");
  }
  const items = callback.attempts.map((attempt) => {
    const isGood = attempt.status >= 200 && attempt.status < 300;
    const answer = attempt.answer ? el("pre", { class: "answer", tabindex: "0" }, attempt.answer) : null;
    return el("li", { class: isGood ? "good" : "bad" }, moment(attempt.at), el("span", null, outcomeText(attempt)), answer);
  });
  return el("ol", { class: "attempts", "aria-label": "Attempts" }, items);
}

function actions(callback, key) {
  const path = "/callbacks/" + callback.number;
  const redeliver = (redelivery) => () =>
    attempt(async () => {
      const copy = await send("POST", path + "/redeliver", { redelivery });
      return callbackName(copy) + (copy.state === "given_up" ? ", can't be delivered there." : ", is on its way.");
    });
  const disturb = (kind) => () =>
    attempt(async () => {
      const body = kind in SECONDS ? { kind, seconds: SECONDS[kind] } : { kind };
      return callbackName(await send("POST", path + "/disturb", body)) + ": " + EXPLANATIONS[kind] + ".";
    });
  const waits = ["waiting", "held_back"].includes(callback.state);
  const kinds = Object.keys(KINDS).filter((kind) => kind !== "drop" || waits);
  const label = (kind) => KINDS[kind] + (kind === "delay" ? " 30 s" : kind === "stale" ? ", a day" : "");
  const disturbing = kinds.map((kind) => {
    const it = button(label(kind), key(kind), disturb(kind));
    it.title = "Send it " + EXPLANATIONS[kind];
    return it;
  });
  return [
    el(
      "div",
      { class: "buttons", role: "group", "aria-label": "Deliver callback " + callback.number + " again" },
      button("Redeliver", key("redeliver"), redeliver("same_bytes"), "good"),
      button("Redeliver, signed afresh", key("afresh"), redeliver("signed_afresh")),
    ),
    el("div", { class: "buttons", role: "group", "aria-label": "Let something go wrong with callback " + callback.number }, disturbing),
  ];
}

// What stands beside the list while no callback is chosen.
export const loadAside = () => get("/callback_rules");

export function showAside(container, { callback_rules: rules }) {
  if (!container.querySelector("form")) {
    const listed = el("div", { "data-part": "rules" });
    container.replaceChildren(
      el("h2", { tabindex: "-1" }, "Callbacks to come"),
      el("p", null, "Let something go wrong with callbacks before they are made. The first rule that applies is used."),
      ruleForm(),
      listed,
    );
  }
  draw(container.querySelector("[data-part=rules]"), rules, () => ruleList(rules));
}

function ruleForm() {
  const kind = el("select", { id: "rule-kind" }, Object.entries(KINDS).map(([value, label]) => el("option", { value }, label + ": " + EXPLANATIONS[value])));
  const times = el("select", { id: "rule-times" }, el("option", { value: "1" }, "the next callback"), el("option", { value: "" }, "every callback"));
  const seconds = el("input", { id: "rule-seconds", type: "number", min: "0", max: "1000000000", step: "any" });
  const jobId = el("input", { id: "rule-job", type: "text", autocomplete: "off", placeholder: "any job" });
  const field = (label, input) => el("div", { class: "field" }, el("label", { for: input.id }, label), input);
  const secondsField = field("Seconds", seconds);
  const adapt = () => {
    secondsField.hidden = !(kind.value in SECONDS);
    seconds.value = SECONDS[kind.value] ?? "";
  };
  kind.addEventListener("change", adapt);
  adapt();
  const add = async (event) => {
    event.preventDefault();
    await attempt(async () => {
      const rule = { kind: kind.value };
      if (kind.value in SECONDS) {
        rule.seconds = seconds.valueAsNumber;
      }
      if (times.value) {
        rule.times = Number(times.value);
      }
      if (jobId.value) {
        rule.job_id = jobId.value;
      }
      await send("POST", "/callback_rules", rule);
      return "The rule holds from now on.";
    });
  };
  const submit = el("button", { type: "submit", class: "good" }, "Add the rule");
  return el("form", { class: "form", submit: add }, field("What goes wrong", kind), secondsField, field("Applies to", times), field("Job id", jobId), submit);
}

function ruleList(rules) {
  if (rules.length === 0) {
    return el("p", { class: "quiet" }, "There are no rules.");
  }
  const text = (rule) => {
    const which = rule.times === null ? "every callback" : rule.times === 1 ? "the next callback" : "the next " + rule.times + " callbacks";
    const later = rule.after ? ", after " + rule.after + " more" : "";
    const seconds = rule.seconds === null ? "" : " (" + rule.seconds + " s)";
    return [KINDS[rule.kind] + seconds + ": " + which, rule.job_id === null ? null : [" of ", sent(rule.job_id)], later];
  };
  const clear = async () => {
    await attempt(async () => {
      await send("DELETE", "/callback_rules");
      return "The rules are gone.";
    });
  };
  return [
    el("ul", { class: "plain" }, rules.map((rule) => el("li", null, text(rule)))),
    button("Remove all rules", "clear rules", clear, "danger"),
  ];
}
