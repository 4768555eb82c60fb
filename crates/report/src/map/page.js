"use strict";
const { hops, cards, words } = JSON.parse(document.getElementById("hops").textContent);
const panel = document.getElementById("evidence");
const body = panel.querySelector("div");
let chosen = null;
const add = (parent, tag, text) => {
  const element = document.createElement(tag);
  element.textContent = text;
  parent.append(element);
  return element;
};
function choose(group) {
  if (chosen) chosen.classList.remove("chosen");
  chosen = group;
  group.classList.add("chosen");
  body.textContent = "";
}
function open() {
  panel.hidden = false;
  panel.focus();
}
// What a box with a number stands for.
function list(group) {
  choose(group);
  const members = cards[Number(group.dataset.card)];
  add(body, "h2", words.members + ": " + members.length);
  const rows = add(body, "ul", "");
  for (const name of members) add(rows, "li", name);
  open();
}
function show(group) {
  choose(group);
  for (const hop of hops[Number(group.dataset.hop)]) {
    add(body, "h2", hop.from_name + " → " + hop.to_name);
    const list = add(body, "dl", "");
    const row = (name, value) => {
      if (value === null || value === undefined || value === "") return;
      add(list, "dt", name);
      add(list, "dd", value);
    };
    row(words.moves, hop.what);
    const verdict = hop.verdict;
    add(list, "dt", words.transit);
    const said = add(list, "dd", verdict);
    if (hop.faults.some((f) => f === "plain" || f === "no-contract" || f === "contract-expired")) said.className = "bad";
    row(words.rest, hop.rest);
    row(words.agreement, hop.contract);
    row(words.place, [hop.account, hop.region, hop.country].filter(Boolean).join(" "));
    row(words.by, hop.holder + " " + hop.via);
    if (hop.origin) row(words.source, hop.origin.file + ":" + hop.origin.line + ":" + hop.origin.column);
    row(words.when, hop.when);
    row(words.page, hop.documentation);
  }
  open();
}
function hide() {
  panel.hidden = true;
  if (chosen) { chosen.classList.remove("chosen"); chosen.focus(); chosen = null; }
}
function clickable(selector, then) {
  for (const group of document.querySelectorAll(selector)) {
    group.addEventListener("click", () => then(group));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); then(group); }
    });
  }
}
clickable("[data-hop]", show);
clickable("[data-card]", list);
panel.querySelector("button").addEventListener("click", hide);
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
