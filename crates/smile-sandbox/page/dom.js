// Making elements. What was sent to the sandbox may be hostile: it only ever becomes text, never markup.

// An element. Properties are attributes; those whose value is a function are listeners; false and null leave one out.
// Children are elements and texts; what is null is left out.
export function el(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (typeof value === "function") {
      element.addEventListener(name, value);
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// Something that somebody sent, kept from running into what stands beside it, in whichever direction it is written.
export function sent(text) {
  return el("bdi", { class: "sent" }, String(text));
}

// A moment, in the reader's own time.
export function moment(text) {
  const date = new Date(text);
  const two = (number) => String(number).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  const millis = String(date.getMilliseconds()).padStart(3, "0");
  return el("time", { datetime: text, title: text }, time, el("span", { class: "millis" }, "." + millis));
}

export function size(bytes) {
  if (bytes < 1000) {
    return bytes === 1 ? "1 byte" : bytes + " bytes";
  }
  const [unit, divisor] = bytes < 1e6 ? ["kB", 1e3] : ["MB", 1e6];
  return (bytes / divisor).toFixed(bytes / divisor < 10 ? 1 : 0) + " " + unit;
}

export function badge(text, kind) {
  return el("span", { class: "badge " + kind }, text);
}

// A button, which does nothing more until what it does is done. It isn't disabled meanwhile: that would take the focus
// away. Its key finds it again after its surroundings were drawn anew.
export function button(label, key, act, look = "") {
  const press = async () => {
    if (it.ariaDisabled === "true") {
      return;
    }
    it.ariaDisabled = "true";
    try {
      await act();
    } finally {
      it.ariaDisabled = null;
    }
  };
  const it = el("button", { type: "button", class: look, "data-key": key, click: press }, label);
  return it;
}

// Something folded away. What is in it is made when it is opened for the first time.
export function folded(label, key, fill) {
  const content = el("div", { class: "folded" });
  const details = el("details", { "data-key": key }, el("summary", { "data-key": key + " summary" }, label), content);
  details.addEventListener("toggle", async () => {
    if (details.open && !content.hasChildNodes()) {
      content.replaceChildren(el("p", { class: "quiet" }, "Loading…"));
      try {
        content.replaceChildren(...[await fill()].flat());
      } catch (error) {
        content.replaceChildren(el("p", { class: "bad" }, error.message));
      }
    }
  });
  return details;
}

const drawn = new WeakMap();

// Draws what is in a container anew if the value it shows has changed. What was open stays open, and what had the focus
// keeps it, or hands it to the heading.
export function draw(container, value, build) {
  const text = JSON.stringify(value);
  if (drawn.get(container) === text) {
    return;
  }
  drawn.set(container, text);
  const active = document.activeElement;
  const focused = container.contains(active) ? active.dataset.key : undefined;
  const open = [...container.querySelectorAll("details[open]")].map((details) => details.dataset.key);
  container.replaceChildren(...[build(value)].flat(Infinity).filter(Boolean));
  for (const details of container.querySelectorAll("details[data-key]")) {
    details.open ||= open.includes(details.dataset.key);
  }
  if (focused !== undefined) {
    const keyed = [...container.querySelectorAll("[data-key]")];
    const heading = container.closest("section")?.querySelector("h2");
    (keyed.find((element) => element.dataset.key === focused) ?? heading)?.focus({ preventScroll: true });
  }
}
