// What the theme's own pages need to be read by everybody; see tests/test_site.py.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // docutils gives each reference a role that ARIA has since withdrawn.
  for (const item of document.querySelectorAll(".citation-list, .citation")) {
    item.removeAttribute("role");
  }

  // A formula wider than the window scrolls; the keyboard needs a way into it.
  const letIn = () => {
    for (const formula of document.querySelectorAll(".formula")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    }
  };
  letIn();
  window.addEventListener("resize", letIn);

  // A figure of many heads shows one: the others wait outside the page until they are
  // chosen, for some figures have more cells than all else on their page.
  for (const figure of document.querySelectorAll(".et-attention[data-ready]")) {
    const folds = [...figure.querySelectorAll("details")];
    const change = new MutationObserver(() => {
      const chosen = folds.find((fold) => !fold.hidden);
      folds.find((fold) => fold.isConnected).replaceWith(chosen);
    });
    for (const fold of folds) {
      change.observe(fold, { attributeFilter: ["hidden"] });
      if (fold.hidden) fold.remove();
    }
  }
});

// A formula is copied as its TeX: its parts, one after the other, would say nothing.
document.addEventListener("copy", (event) => {
  const range = document.getSelection().getRangeAt(0);
  const copied = document.createElement("div");
  copied.append(range.cloneContents());
  const formulas = copied.querySelectorAll("math");
  if (!formulas.length) return;
  const html = copied.innerHTML;
  for (const formula of formulas) {
    const tex = formula.querySelector("annotation");
    const mark = formula.getAttribute("display") === "block" ? "$$" : "$";
    if (tex) formula.replaceWith(mark + tex.textContent + mark);
  }
  document.body.append(copied); // innerText needs it laid out
  event.clipboardData.setData("text/plain", copied.innerText);
  copied.remove();
  event.clipboardData.setData("text/html", html);
  event.preventDefault();
});

// On paper: light colours and open folds, but for solutions that the reader has not
// opened; then all is as the reader had it.
let undo = [];

window.addEventListener("beforeprint", () => {
  const root = document.documentElement;
  const theme = root.dataset.theme;
  root.dataset.theme = "light";
  undo = [() => { root.dataset.theme = theme; }];
  for (const fold of document.querySelectorAll("article details:not([open], .solution)")) {
    fold.open = true;
    undo.push(() => { fold.open = false; });
  }
});

window.addEventListener("afterprint", () => {
  for (const step of undo.splice(0)) step();
});
