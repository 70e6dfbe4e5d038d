// Asks the API through the gateway and shows which services were reached, and as whom.
"use strict";

const path = document.querySelectorAll("#path li");
const answer = document.querySelector("#answer");

function mark(reached, refused) {
  for (const item of path) {
    item.classList.toggle("reached", reached.includes(item.dataset.service));
    item.classList.toggle("refused", item.dataset.service === refused);
  }
}

function show(title, text, rows, isRefused = false) {
  answer.hidden = false;
  answer.classList.toggle("refused", isRefused);
  answer.querySelector("h2").textContent = title;
  answer.querySelector("p").textContent = text;
  answer.querySelector("tbody").replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((cell) => {
      const td = document.createElement("td");
      td.textContent = cell;
      return td;
    }));
    return row;
  }));
}

async function ask(url, options) {
  const response = await fetch(url, options);
  const text = await response.text();
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    content = { error: text };
  }
  if (response.ok)
    return content;
  mark(["browser", "ingress-gateway", "api-gateway"], content.refused_by ?? "api-gateway");
  show(`${response.status}: denied`, content.error, [], true);
  return null;
}

document.querySelector("#speak").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ text: document.querySelector("#text").value });
  const content = await ask("/api/v1/speak", { method: "POST", body });
  if (content === null)
    return;
  mark(["browser", "ingress-gateway", ...content.trail.map((hop) => hop.service)]);
  show(content.said, "Each service saw a caller whose identity was verified:",
    content.trail.map((hop) => [hop.service, `called by ${hop.caller}`]));
});

document.querySelector("#events").addEventListener("click", async () => {
  const content = await ask("/api/v1/events");
  if (content === null)
    return;
  mark(["browser", "ingress-gateway", "api-gateway"]);
  show("What was audited", "Who says so was verified, too:",
    content.events.slice(-12).reverse().map((entry) => [entry.time, entry.event, entry.by]));
});

document.querySelector("#database").addEventListener("click", async () => {
  if (await ask("/api/v1/database") !== null)
    show("The database answered", "That should not be: is policy/database-service.yaml changed?", []);
});
