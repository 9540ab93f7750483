// The page: which view is shown, and keeping it up to date.

import { attempt, get, say, send } from "./api.js";
import * as callbacks from "./callbacks.js";
import { draw, el } from "./dom.js";
import * as jobs from "./jobs.js";
import * as requests from "./requests.js";

const VIEWS = { jobs, callbacks, requests };
const [list, detail, main] = ["list", "detail", "main"].map((id) => document.getElementById(id));

// What the address says is to be shown: `#/jobs`, or `#/jobs/0000000001`.
let route = { view: "jobs", chosen: undefined };
let parts = [];

function read() {
  // Ids of jobs are digits here, so that nothing needs decoding.
  const [view, chosen] = location.hash.slice(2).split("/");
  route = { view: Object.hasOwn(VIEWS, view) ? view : "jobs", chosen: chosen || undefined };
}

async function refresh() {
  const { view, chosen } = route;
  const { list: load, load: loadChosen, loadAside } = VIEWS[view];
  const [status, listed, shown] = await Promise.all([
    get("/status"),
    load(),
    chosen ? loadChosen(chosen).catch((error) => ({ error: error.message })) : loadAside?.(),
  ]);
  // The reader may have moved on meanwhile.
  if (route.view === view && route.chosen === chosen) {
    show(status, listed, shown);
  }
}

function show(status, listed, shown) {
  const { view, chosen } = route;
  document.title = (status.under_review ? "(" + status.under_review + ") " : "") + VIEWS[view].name + " · smile sandbox";
  draw(document.getElementById("who"), status.partner_id, (id) => ["partner ", el("code", null, id)]);
  draw(document.getElementById("views"), [view, status.jobs, status.callbacks, status.requests, status.under_review], () => views(status));
  draw(list, [view, chosen, listed], () => rows(listed));
  main.dataset.chosen = chosen ? "yes" : "no";
  const key = view + "/" + (chosen ?? "");
  if (detail.dataset.shown !== key) {
    detail.dataset.shown = key;
    parts = chosen ? VIEWS[view].frame() : [];
    detail.replaceChildren(...(chosen ? [el("p", { class: "back" }, el("a", { href: "#/" + view }, "Back to the list")), ...parts] : []));
  }
  if (shown?.error) {
    draw(parts[0], shown, () => [el("h2", { tabindex: "-1" }, "Not found"), el("p", { class: "quiet" }, shown.error)]);
    parts.slice(1).forEach((part) => draw(part, null, () => []));
  } else if (chosen) {
    VIEWS[view].show(parts, shown);
  } else if (shown) {
    VIEWS[view].showAside(detail, shown);
  } else if (!detail.hasChildNodes()) {
    detail.append(el("p", { class: "quiet" }, "Choose one from the list."));
  }
}

function views(status) {
  return el(
    "ul",
    null,
    Object.entries(VIEWS).map(([name, view]) => {
      const current = name === route.view ? "page" : null;
      const attention = name === "jobs" && status.under_review ? el("span", { class: "badge attention" }, String(status.under_review), el("span", { class: "wide" }, " to decide")) : null;
      return el("li", null, el("a", { href: "#/" + name, "aria-current": current, "data-key": name }, view.name, " ", el("span", { class: "count" }, String(status[name])), attention));
    }),
  );
}

function rows({ rows, total }) {
  const { view, chosen } = route;
  const { id, row, empty } = VIEWS[view];
  if (total === 0) {
    return el("p", { class: "quiet" }, empty);
  }
  const items = rows.map((item) => {
    const link = "#/" + view + "/" + id(item);
    return el("li", null, el("a", { href: link, class: "row", "aria-current": id(item) === chosen ? "true" : null, "data-key": link }, row(item)));
  });
  const rest = total > rows.length ? el("p", { class: "quiet" }, "The newest " + rows.length + " of " + total + ".") : null;
  return [el("ul", { class: "rows" }, items), rest];
}

function setLive(isLive) {
  const live = document.getElementById("live");
  const text = isLive ? "Live" : "Out of touch, trying again…";
  if (live.textContent !== text) {
    live.textContent = text;
    live.dataset.live = isLive ? "yes" : "no";
  }
}

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

// Shows each change as it comes. What comes in a burst is shown together.
async function follow() {
  let lastChange;
  for (;;) {
    try {
      const { change } = await get(lastChange === undefined ? "/changes" : "/changes?after=" + lastChange);
      if (change !== lastChange) {
        await refresh();
        lastChange = change;
      }
      setLive(true);
      await sleep(100);
    } catch {
      lastChange = undefined;
      setLive(false);
      await sleep(1000);
    }
  }
}

window.addEventListener("hashchange", async () => {
  read();
  say("");
  try {
    await refresh();
    // Who chose something goes on from there.
    (route.chosen ? detail.querySelector("h2") : undefined)?.focus();
    detail.scrollTop = 0;
    window.scrollTo(0, 0);
  } catch {
    setLive(false);
  }
});

document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

document.getElementById("reset").addEventListener("click", () => {
  if (confirm("Forget all jobs, requests and callbacks?")) {
    attempt(async () => {
      await send("POST", "/reset");
      location.hash = "#/jobs";
      return "All is forgotten.";
    });
  }
});

read();
follow();
