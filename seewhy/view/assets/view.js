"use strict";
// Keys: j and k walk over rows, Enter opens, n and p turn pages, / searches, r w u mark the row, 1 to 9 give it a
// place, s keeps the order and z shows the picture large; on a drawn sample the row is there from the start, and arrows prefer one of two.
const rows = [...document.querySelectorAll("[data-row]")];
let current = -1;
function go(step) {
  if (!rows.length) return;
  if (current >= 0) rows[current].classList.remove("current");
  current = Math.max(0, Math.min(rows.length - 1, current + step));
  rows[current].classList.add("current");
  rows[current].scrollIntoView({ block: "nearest" });
  const target = rows[current].querySelector("a") || rows[current];
  target.focus({ preventScroll: true });
}
const follow = (selector) => document.querySelector(selector)?.click();
const annotate = (word) => rows[current]?.querySelector(`button[value=${word}]`)?.click();
const keys = {
  j: () => go(1), k: () => go(-1), n: () => follow("a[rel=next]"), p: () => follow("a[rel=prev]"),
  "/": () => document.querySelector("input[type=search]")?.focus(),
  z: () => (rows[current]?.querySelector("a.picture") || document.querySelector("a.picture"))?.click(),
  s: () => document.querySelector("#order button")?.click(),
  ArrowLeft: () => follow("button[value=left]"), "=": () => follow("button[value=tie]"),
  ArrowRight: () => follow("button[value=left] ~ button[value=right]"),
  r: () => annotate("right"), w: () => annotate("wrong"), u: () => annotate("unsure"),
};
for (const place of "123456789") {
  keys[place] = () => { const field = rows[current]?.querySelector(".place"); if (field) field.value = place; };
}
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
  if (document.querySelector("dialog[open]")) return;
  const act = keys[event.key];
  if (act) { event.preventDefault(); act(); }
});
if (document.querySelector("input[name=form][value=drawn]")) go(1);
const named = rows.findIndex((row) => row.id && `#${row.id}` === location.hash);
if (named >= 0) { current = named - 1; go(1); }
// A run that is being written is looked at again, unless somebody is walking over its rows.
if (document.querySelector("[data-live]")) setInterval(() => { if (current < 0) location.reload(); }, 5000);
// The lines of a step in the graph stand out while it is pointed at or focused.
for (const step of document.querySelectorAll(".graph [data-step]")) {
  const name = CSS.escape(step.dataset.step);
  const lines = document.querySelectorAll(`.graph [data-from="${name}"], .graph [data-to="${name}"]`);
  const show = (on) => () => lines.forEach((line) => line.classList.toggle("on", on));
  for (const event of ["mouseenter", "focus"]) step.addEventListener(event, show(true));
  for (const event of ["mouseleave", "blur"]) step.addEventListener(event, show(false));
}
