// What the theme's own pages need to be read by everybody; see tests/test_site.py.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // docutils gives each reference a role that ARIA has since withdrawn.
  for (const item of document.querySelectorAll(".citation-list, .citation")) {
    item.removeAttribute("role");
  }

  // Folded cells say "Toggle hidden content", in English and over their own words.
  for (const summary of document.querySelectorAll("details.hide > summary")) {
    summary.removeAttribute("aria-label");
  }

  // A formula wider than the window scrolls; the keyboard needs a way into it.
  window.MathJax?.startup?.promise.then(() => {
    for (const formula of document.querySelectorAll("mjx-container[display]")) {
      if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    }
  });
});
