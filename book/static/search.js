// What Sphinx's search trips over, mended for both editions. The index stays as built.
"use strict";

// "constructor" is a word to look for, not what every object of JavaScript has. Sphinx
// asks the tables for hasOwnProperty alone, a name with capitals: no word of the index.
const BARE = Object.create(null, {
  hasOwnProperty: { value: Object.prototype.hasOwnProperty },
});
for (const table of ["terms", "titleterms"])
  Object.setPrototypeOf(Search._index[table], BARE);

// Some systems and files write a syllable in parts (NFD); the index has it whole.
const parseTyped = Search._parseQuery;
Search._parseQuery = (query) => parseTyped(query.normalize("NFC"));
