"use strict";
// Sends the form, with the token of the link if there is one, and says what came of it.
const form = document.querySelector("form");
const button = form.querySelector("button");
const said = document.getElementById("said");
const another = document.getElementById("another");
const token = new URLSearchParams(location.hash.slice(1)).get("token");
// It is good once: it need not stay in the history.
history.replaceState(null, "", location.pathname);

function say(text, kind) {
  said.textContent = text;
  said.className = kind;
}

// What a problem says of what was entered, or of all of it.
function inWords(problem) {
  const errors = problem.errors ?? [];
  if (errors.some((error) => error.field === "token")) {
    form.hidden = true;
    if (another) another.hidden = false;
    return "This link is not good any more: links work once, and not for long.";
  }
  const text = errors.map((error) => `It ${error.message}.`).join(" ") || `${problem.detail ?? problem.title}.`;
  return text[0].toUpperCase() + text.slice(1);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  said.textContent = "";
  const body = Object.fromEntries(new FormData(form));
  if (token) body.token = token;
  try {
    const answer = await fetch(form.dataset.path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      form.hidden = true;
      say(form.dataset.done, "good");
      return;
    }
    say(inWords(await answer.json()), "bad");
  } catch {
    say("The server does not answer. Try again in a moment.", "bad");
  }
  button.disabled = false;
});

if ("token" in form.dataset && !token) {
  form.hidden = true;
  if (another) another.hidden = false;
  say("Open the link in the mail once more: this page was opened without it, or loaded again.", "bad");
}
