// State in the address, so that it can be shared: #s=12&n=4&b=no_scale. Whatever stands
// there is checked like any stranger's input; what doesn't fit is left out and named.
"use strict";

(() => {
  const MAX_LENGTH = 4000, MAX_WORDS = 60;
  // The names that the engine gives to its attentions, each with a head.
  const OF_LAYERS = String.raw`(encoder\.layers\.[01]\.self|`
    + String.raw`decoder\.layers\.[01]\.(self|cross))_attention`;
  const HEAD = new RegExp(String.raw`^(decoder\.attention\.0|${OF_LAYERS}\.[0-3])$`);
  const VIEW = new RegExp(String.raw`^${OF_LAYERS}\.([0-3]|mean)$`);
  const first = {
    s: 0, t: null, n: 0, b: [], r: [], m: "all",
    a: "decoder.layers.1.cross_attention.mean",
    g: null, temperature: 0.8, k: 0, p: 0.95,
  };

  const number = (least, most, whole) => (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    const fits = value >= least && value <= most && (!whole || Number.isInteger(value));
    return fits ? value : undefined;
  };
  const list = (fits, most) => (text) => {
    const items = [...new Set(text.split(",").filter(Boolean))];
    return items.length <= most && items.every(fits) ? items : undefined;
  };
  const matching = (pattern) => (text) => (pattern.test(text) ? text : undefined);

  // Each key's reader: the value, or undefined when it isn't one.
  const readers = {
    s: (text) => number(0, SENTENCES.pairs.length - 1, true)(text),
    t: (text) => {
      const words = text.normalize("NFC").split(" ").filter(Boolean);
      const known = words.every((word) => Object.hasOwn(SENTENCES.glosses, word));
      return words.length && words.length <= MAX_WORDS && known ? words : undefined;
    },
    n: number(0, MAX_WORDS, true),
    b: list((name) => ET.Transformer.switches.includes(name), 7),
    r: list((name) => HEAD.test(name), 25),
    m: (text) => (["all", ...ET.TRANSLATORS].includes(text) ? text : undefined),
    a: matching(VIEW),
    g: (text) => (text.length <= 300 ? text : undefined),
    temperature: number(0, 2, false),
    k: number(0, 100, true),
    p: number(0.05, 1, false),
  };

  // -> the keys that made no sense
  Page.read_address = () => {
    const hash = location.hash.slice(1);
    Page.state = {...structuredClone(first)};
    if (!hash.includes("=")) return []; // empty, or a heading's name
    if (hash.length > MAX_LENGTH) return ["length"];
    const trouble = [];
    for (const [key, text] of new URLSearchParams(hash)) {
      const value = Object.hasOwn(readers, key) ? readers[key](text) : undefined;
      const name = Object.hasOwn(readers, key) ? key : "other";
      if (value === undefined) trouble.push(name);
      else Page.state[key] = value;
    }
    return [...new Set(trouble)];
  };

  const as_text = (value) => (Array.isArray(value) ? value.join(",") : String(value));

  // Only what differs from the beginning stands in the address.
  Page.write_address = () => {
    const {t, ...state} = Page.state;
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      const as_first = first[key] === null ? "null" : as_text(first[key]);
      if (as_text(value) !== as_first) query.set(key, as_text(value));
    }
    if (t) query.set("t", t.join(" "));
    if (t) query.delete("s");
    const hash = query.size ? `#${query}` : location.pathname + location.search;
    try {
      history.replaceState(history.state, "", hash);
    } catch { /* a browser may limit how often; the next change writes it */ }
  };

  // The source's words and, for a sentence of the book, its reference translation.
  Page.sentence = () => {
    if (Page.state.t) return {words: Page.state.t, reference: null};
    const [source, target] = SENTENCES.pairs[Page.state.s];
    return {words: source.split(" "), reference: target.split(" ")};
  };

  // What is switched on for that model.
  Page.breaks = (name) => {
    const {b, r, m} = Page.state;
    if (m !== "all" && m !== name) return {};
    return Object.fromEntries(b.map((key) => [key, key === "remove_head" ? r : true]));
  };
})();
