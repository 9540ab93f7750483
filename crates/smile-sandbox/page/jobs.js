// Jobs: the list, and one job with its time line, images and callbacks.

import { attempt, get, send } from "./api.js";
import { callbackCard, callbackName, outcomeText } from "./callbacks.js";
import { badge, button, draw, el, folded, moment, sent, size } from "./dom.js";

const STAGES = {
  awaiting_zip: ["Awaits its zip", "waiting"],
  running: ["Running", "waiting"],
  under_review: ["Under review", "attention"],
  decided: ["Decided", "waiting"],
};

const CATEGORIES = {
  approved: ["Approved", "done"],
  rejected: ["Rejected", "bad"],
  inconclusive: ["Inconclusive", "waiting"],
  error: ["Error", "bad"],
  listed: ["Listed", "attention"],
  not_listed: ["Not listed", "waiting"],
};

const jobState = (job) => (job.stage === "decided" && CATEGORIES[job.category]) || STAGES[job.stage];

const REVIEWS = {
  approve: "Approve",
  reject: "Reject",
  spoof_detected: "Spoof detected",
  liveness_unsure: "Liveness unsure",
  id_card_check_failed: "ID card check failed",
};

const IMAGES = ["Selfie", "ID card, front", "Selfie", "ID card, front", "Liveness", "ID card, back", "Liveness", "ID card, back"];

const OTHERS = { 0: "Phone verification", 12: "Address verification" };

const product = (job) => job.product ?? OTHERS[job.job_type] ?? "Job type " + job.job_type;

export const name = "Jobs";
export const empty = "No jobs yet. Those that are submitted appear here at once.";

export async function list() {
  const { jobs, total } = await get("/jobs");
  return { rows: jobs, total };
}

export const id = (job) => job.smile_job_id;

export function row(job) {
  const [stage, kind] = jobState(job);
  return [
    el("span", { class: "title" }, sent(job.job_id)),
    badge(stage, kind),
    el("span", { class: "about" }, product(job), job.result_code ? " · " + job.result_code : null),
    moment(job.created_at),
  ];
}

export async function load(smileJobId) {
  const job = await get("/jobs/" + encodeURIComponent(smileJobId));
  const { callbacks } = await get("/callbacks?limit=200&job_id=" + encodeURIComponent(job.job_id));
  return { job, callbacks: callbacks.reverse() };
}

// Parts that are drawn apart, so that a new callback doesn't load the images again.
export function frame() {
  return ["head", "decide", "line", "images", "callbacks", "data"].map((part) => el("div", { "data-part": part }));
}

export function show(parts, { job, callbacks }) {
  const [head, decide, line, images, calls, data] = parts;
  draw(head, job, heading);
  draw(decide, [job.smile_job_id, job.reviews, job.review_due], () => decision(job));
  draw(line, [job.events, job.results, job.review_due, job.stage, callbacks], () => timeLine(job, callbacks));
  draw(images, [job.smile_job_id, job.images, job.uploads], () => gallery(job));
  draw(calls, callbacks, () => [
    el("h3", null, "Callbacks"),
    callbacks.length ? callbacks.map((callback) => callbackCard(callback)) : el("p", { class: "quiet" }, "None was made."),
  ]);
  draw(data, job, received);
}

function heading(job) {
  const [stage, kind] = jobState(job);
  const fact = (label, value) => [el("dt", null, label), el("dd", null, value)];
  const charged = job.processed === 1 ? "once" : job.processed + " times";
  return [
    el("h2", { tabindex: "-1" }, sent(job.job_id)),
    el("p", { class: "line" }, badge(stage, kind), job.result_code ? el("span", null, el("code", null, job.result_code), " ", sent(job.result_text ?? "")) : null),
    el(
      "dl",
      { class: "facts" },
      fact("Product", product(job)),
      fact("User", sent(job.user_id)),
      fact("SmileJobID", el("code", null, job.smile_job_id)),
      fact("Processed", charged),
    ),
  ];
}

function decision(job) {
  if (job.reviews.length === 0) {
    return [];
  }
  const decide = (review) => () =>
    attempt(async () => {
      const decided = await send("POST", "/jobs/" + job.smile_job_id + "/review", { review });
      return "Decided: " + decided.result_code + " " + decided.result_text;
    });
  const look = { approve: "good", reject: "danger" };
  const due = job.review_due ? ["Left alone, it is decided at ", moment(job.review_due), "."] : ["It waits for somebody to decide."];
  return el(
    "div",
    { class: "decide", role: "group", "aria-label": "Decide this job" },
    el("p", null, due),
    el("div", { class: "buttons" }, job.reviews.map((review) => button(REVIEWS[review], "review " + review, decide(review), look[review]))),
  );
}

function timeLine(job, callbacks) {
  let results = 0;
  const moments = job.events.map((event) => {
    const result = event.kind === "decided" ? job.results[results++] : undefined;
    return { at: event.at, ...happened(event, result) };
  });
  for (const callback of callbacks) {
    moments.push({ at: callback.made_at, kind: "callback", text: [callbackName(callback) + " made"] });
    for (const attempt of callback.attempts) {
      const kind = attempt.status >= 200 && attempt.status < 300 ? "good" : "bad";
      moments.push({ at: attempt.at, kind, text: ["Callback " + callback.number + ", attempt " + attempt.attempt + ": " + outcomeText(attempt)] });
    }
  }
  // Stable: what happened in the same millisecond stays in order.
  moments.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const items = moments.map(({ at, kind, text }) => el("li", { class: kind }, moment(at), el("span", null, text)));
  if (job.stage === "awaiting_zip") {
    items.push(el("li", { class: "pending" }, el("span", { class: "when" }, "next"), el("span", null, "Its zip is to be uploaded")));
  } else if (job.stage === "under_review") {
    items.push(el("li", { class: "pending" }, el("span", { class: "when" }, "next"), el("span", null, "A human's verdict")));
  }
  return [el("h3", null, "Time line"), el("ol", { class: "time-line" }, items)];
}

function happened(event, result) {
  switch (event.kind) {
    case "upload_prepared":
      return { kind: "", text: ["Upload prepared"] };
    case "zip_uploaded":
      return { kind: "", text: ["Zip uploaded, " + size(event.bytes)] };
    case "check_requested":
      return { kind: "", text: ["Check requested"] };
    default: {
      const who = event.by_human ? " by a human" : " by the machine";
      return { kind: "verdict", text: ["Decided" + who + ": ", el("code", null, event.result_code), " ", sent(result?.ResultText ?? "")] };
    }
  }
}

function gallery(job) {
  if (job.images.length === 0) {
    return [];
  }
  const figures = job.images.map((image) => {
    const address = "/_sandbox/jobs/" + job.smile_job_id + "/images/" + image.index + "?upload=" + job.uploads;
    const label = IMAGES[image.image_type_id] ?? "Image";
    const picture = image.content_type
      ? el("a", { href: address, "data-key": "image " + image.index }, el("img", { src: address, alt: label + ", image " + (image.index + 1), loading: "lazy" }))
      : el("p", { class: "broken" }, image.bytes ? "No JPEG or PNG" : "Not in the zip");
    const save = image.content_type || image.bytes === 0 ? null : el("a", { href: address, download: "" }, "Save");
    return el("figure", null, picture, el("figcaption", null, el("strong", null, label), el("span", null, size(image.bytes)), image.file_name ? sent(image.file_name) : null, save));
  });
  return [el("h3", null, "Images"), el("div", { class: "gallery" }, figures)];
}

function received(job) {
  const json = (label, key, value) =>
    value === null ? null : folded(label, key, () => el("pre", { tabindex: "0" }, JSON.stringify(value, null, 2)));
  const info = json("info.json", "info", job.info);
  return [
    el("h3", null, "What was received, and what came of it"),
    info,
    info && el("p", { class: "quiet" }, el("a", { href: "/_sandbox/jobs/" + job.smile_job_id + "/info.json" }, "info.json with its images in full")),
    json("partner_params", "params", job.partner_params),
    json("The whole request", "request", job.request),
    job.results.map((result, at) => json("Result " + (at + 1) + ": " + (result.ResultCode ?? "without a code"), "result " + at, result)),
  ];
}
