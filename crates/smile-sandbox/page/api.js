// The admin API of the sandbox that this page came from.

async function answered(response) {
  const body = await response.json();
  if (!response.ok) {
    throw new Error(body.error ?? "The sandbox answered with " + response.status + ".");
  }
  return body;
}

export async function get(path) {
  return answered(await fetch("/_sandbox" + path, { cache: "no-store" }));
}

export async function send(method, path, body) {
  const headers = { "Smile-Sandbox-Admin": "page", "Content-Type": "application/json" };
  return answered(await fetch("/_sandbox" + path, { method, headers, body: JSON.stringify(body) }));
}

// Does something, and says how it went to whoever looks or listens.
export async function attempt(act) {
  try {
    say(await act());
  } catch (error) {
    say(error.message, true);
  }
}

export function say(text, isBad = false) {
  const place = document.getElementById("said");
  place.textContent = text;
  place.classList.toggle("bad", isBad);
}
