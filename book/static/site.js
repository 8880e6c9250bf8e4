// What the theme's own pages need to be read by everybody; see tests/test_site.py.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // docutils gives each reference a role that ARIA has since withdrawn.
  for (const item of document.querySelectorAll(".citation-list, .citation")) {
    item.removeAttribute("role");
  }

  // A formula wider than the window scrolls; the keyboard needs a way into it.
  const letIn = () => {
    for (const formula of document.querySelectorAll("mjx-container[display]")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    }
  };
  window.MathJax?.startup?.promise.then(letIn);
  window.addEventListener("resize", letIn);
});

// On paper: light colours and open folds; then all is as the reader had it.
let undo = [];

window.addEventListener("beforeprint", () => {
  const root = document.documentElement;
  const theme = root.dataset.theme;
  root.dataset.theme = "light";
  undo = [() => { root.dataset.theme = theme; }];
  for (const fold of document.querySelectorAll("article details:not([open])")) {
    fold.open = true;
    undo.push(() => { fold.open = false; });
  }
});

window.addEventListener("afterprint", () => {
  for (const step of undo.splice(0)) step();
});
