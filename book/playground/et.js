// Every file of the playground adds its part to one object, ET: pages opened as files
// can load scripts, but no modules. The names are those of the lessons' Python.
"use strict";

var ET = {
  parts: [],

  add(part) {
    ET.parts.push(part);
    part(ET);
  },

  // A worker can't load scripts of a page opened as a file, but runs this text.
  as_text() {
    const head = `"use strict"; var ET = {add: (part) => part(ET)};`;
    return head + ET.parts.map((part) => `ET.add(${part});`).join("");
  },
};
