// What the theme's own pages need to be read by everybody; see tests/test_site.py.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // docutils gives each reference a role that ARIA has since withdrawn.
  for (const item of document.querySelectorAll(".citation-list, .citation")) {
    item.removeAttribute("role");
  }
});
