// Korean words carry particles: 어텐션, 어텐션을, 어텐션은. Sphinx compares whole words.
// This widens a query's word to every indexed word that contains it, and shortens the
// query's own particle away (트랜스포머는 -> 트랜스포머). The index stays as it is built.
"use strict";

const PARTICLE =
  /(?:에서는|에서도|으로는|으로써|으로|에서|에게|까지|부터|처럼|보다|이란|이라|라는|와는|과는|하고|[은는이가을를의에도로와과만란])$/;

/** Return the indexed words that contain `part`. */
const wordsWith = (part) => {
  const { terms, titleterms } = Search._index;
  return Object.keys({ ...terms, ...titleterms }).filter((word) => word.includes(part));
};

/** Return the part of `word` to look for: without its particle, if that is indexed. */
const stemOf = (word) => {
  const stem = word.replace(PARTICLE, "");
  return stem.length > 1 && wordsWith(stem).length ? stem : word;
};

/** Let the index answer for `part` with the pages of all `words`. */
const join = (table, part, words) => {
  const pages = new Set(words.flatMap((word) => table[word] ?? []));
  if (pages.size) table[part] = [...pages];
};

/** Return the query's words, each one widened in the index. */
const widen = (words) =>
  new Set(
    [...words].map((word) => {
      if (!/[가-힣]{2}/.test(word)) return word;
      const stem = stemOf(word);
      const family = wordsWith(stem);
      join(Search._index.terms, stem, family);
      join(Search._index.titleterms, stem, family);
      return stem;
    })
  );

const parseQuery = Search._parseQuery;
Search._parseQuery = (query) => {
  const [text, words, excluded, highlighted, objects] = parseQuery(query);
  return [text, widen(words), excluded, widen(highlighted), objects];
};

Documentation.addTranslations({
  locale: "ko",
  plural_expr: "0",
  messages: {
    "Search finished, found ${resultCount} page(s) matching the search query.":
      "${resultCount}곳을 찾았습니다.",
    "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
      "찾지 못했습니다. 낱말을 줄이거나 비슷한 다른 말로 찾아보세요.",
  },
});
