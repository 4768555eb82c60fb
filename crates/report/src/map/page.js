"use strict";
const hops = JSON.parse(document.getElementById("hops").textContent);
const panel = document.getElementById("evidence");
const body = panel.querySelector("div");
let chosen = null;
const add = (parent, tag, text) => {
  const element = document.createElement(tag);
  element.textContent = text;
  parent.append(element);
  return element;
};
function show(group) {
  if (chosen) chosen.classList.remove("chosen");
  chosen = group;
  group.classList.add("chosen");
  body.textContent = "";
  for (const hop of hops[Number(group.dataset.hop)]) {
    add(body, "h2", hop.from_name + " → " + hop.to_name);
    const list = add(body, "dl", "");
    const row = (name, value) => {
      if (value === null || value === undefined || value === "") return;
      add(list, "dt", name);
      add(list, "dd", value);
    };
    row("⇄", hop.what);
    const verdict = hop.verdict;
    add(list, "dt", "TLS");
    const said = add(list, "dd", verdict);
    if (hop.faults.some((f) => f === "plain" || f === "no-contract" || f === "contract-expired")) said.className = "bad";
    row("🔑", hop.rest);
    row("§", hop.contract);
    row("⌂", [hop.account, hop.region, hop.country].filter(Boolean).join(" "));
    row("{}", hop.holder + " " + hop.via);
    if (hop.origin) row("↳", hop.origin.file + ":" + hop.origin.line + ":" + hop.origin.column);
    row("?", hop.when);
    row("≡", hop.documentation);
  }
  panel.hidden = false;
  panel.focus();
}
function hide() {
  panel.hidden = true;
  if (chosen) { chosen.classList.remove("chosen"); chosen.focus(); chosen = null; }
}
for (const group of document.querySelectorAll("[data-hop]")) {
  group.addEventListener("click", () => show(group));
  group.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); show(group); }
  });
}
panel.querySelector("button").addEventListener("click", hide);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
