// State in the address, so that it can be shared: #s=12&n=4&b=no_scale. Whatever stands
// there is checked like any stranger's input; what doesn't fit is left out and named.
"use strict";

(() => {
  const MAX_LENGTH = 12_000, MAX_WORDS = 60, MAX_TEXT = 300, MAX_DRAWN = 128;
  // The names that the engine gives to its attentions, each with a head.
  const OF_LAYERS = String.raw`(encoder\.layers\.[01]\.self|`
    + String.raw`decoder\.layers\.[01]\.(self|cross))_attention`;
  const HEAD = new RegExp(String.raw`^(decoder\.attention\.0|${OF_LAYERS}\.[0-3])$`);
  const VIEW = new RegExp(String.raw`^${OF_LAYERS}\.([0-3]|mean)$`);
  // A word that the reader chose: in which model, as which of its words.
  const CHOICE = /^(encoder_decoder|attention|transformer)\.([1-9]\d?)\.(.+)$/;
  const DRAWN = /^\d{1,5}(,\d{1,5})*$/;
  const first = {
    s: 0, t: null, n: 0, c: [], b: [], r: [], m: "all",
    a: "decoder.layers.1.cross_attention.mean",
    i: 0, w: 0, g: null, temperature: 0.8, k: 0, p: 0.95, d: [], v: null,
  };
  // Without an address there is something to see: a sentence translated.
  const demo = () => ({...structuredClone(first), ...SENTENCES.demo, n: MAX_WORDS});
  const INSIDE = ["a", "c", "w"]; // who shares one of these means what is inside

  const number = (least, most, whole) => (text) => {
    const value = text.trim() === "" ? NaN : Number(text);
    const fits = value >= least && value <= most && (!whole || Number.isInteger(value));
    return fits ? value : undefined;
  };
  const list = (fits, most, separator = ",") => (text) => {
    const items = [...new Set(text.split(separator).filter(Boolean))];
    return items.length <= most && items.every(fits) ? items : undefined;
  };
  const matching = (pattern) => (text) => (pattern.test(text) ? text : undefined);

  const is_choice = (text) => {
    const [, , step, word] = CHOICE.exec(text) ?? [];
    const known = word === "</s>" || SENTENCES.english.includes(word);
    return Number(step) <= MAX_WORDS && known;
  };

  // Each key's reader: the value, or undefined when it isn't one.
  const readers = {
    s: (text) => number(0, SENTENCES.pairs.length - 1, true)(text),
    t: (text) => {
      const words = text.normalize("NFC").split(" ").filter(Boolean);
      const known = words.every((word) => Object.hasOwn(SENTENCES.glosses, word));
      return words.length && words.length <= MAX_WORDS && known ? words : undefined;
    },
    n: number(0, MAX_WORDS, true),
    c: list(is_choice, MAX_WORDS, " "),
    b: list((name) => ET.Transformer.switches.includes(name), 7),
    r: list((name) => HEAD.test(name), 25),
    m: (text) => (["all", ...ET.TRANSLATORS].includes(text) ? text : undefined),
    a: matching(VIEW),
    i: number(0, 1, true),
    w: number(0, MAX_WORDS, true),
    g: (text) => (text.length <= MAX_TEXT ? text : undefined),
    temperature: number(0, 2, false),
    k: number(0, 100, true),
    p: number(0.05, 1, false),
    d: (text) => {
      const ids = DRAWN.test(text) ? text.split(",").map(Number) : [];
      return ids.length && ids.length <= MAX_DRAWN ? ids : undefined;
    },
    v: (text) => (text.length <= MAX_TEXT ? text : undefined),
  };

  // -> the keys that made no sense
  Page.read_address = () => {
    const hash = location.hash.slice(1);
    Page.state = hash.includes("=") ? structuredClone(first) : demo();
    if (!hash.includes("=")) return []; // empty, or a heading's name
    if (hash.length > MAX_LENGTH) return ["length"];
    const query = new URLSearchParams(hash);
    Page.state.i = Number(INSIDE.some((key) => query.has(key)));
    const trouble = [];
    for (const [key, text] of query) {
      const value = Object.hasOwn(readers, key) ? readers[key](text) : undefined;
      const name = Object.hasOwn(readers, key) ? key : "other";
      if (value === undefined) trouble.push(name);
      else Page.state[key] = value;
    }
    return [...new Set(trouble)];
  };

  const as_text = (value, key) => (Array.isArray(value)
    ? value.join(key === "c" ? " " : ",") : String(value)); // "," is a word, too

  // The sentence stands in the address, and else what differs from the beginning.
  Page.write_address = () => {
    const {t, ...state} = Page.state;
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      const as_first = first[key] === null ? "null" : as_text(first[key], key);
      const text = as_text(value, key);
      if (key === "s" || text !== as_first) query.set(key, text);
    }
    if (t) query.set("t", t.join(" "));
    if (t) query.delete("s");
    try {
      history.replaceState(history.state, "", `#${query}`);
    } catch { /* a browser may limit how often; the next change writes it */ }
  };

  // The source's words and, for a sentence of the book, its reference translation.
  Page.sentence = () => {
    if (Page.state.t) return {words: Page.state.t, reference: null};
    const [source, target] = SENTENCES.pairs[Page.state.s];
    return {words: source.split(" "), reference: target.split(" ")};
  };

  // The words that the reader chose for that translator, by their number from 1.
  Page.choices = (name) => new Map(Page.state.c.map((text) => CHOICE.exec(text))
    .filter(([, of]) => of === name).map(([, , step, word]) => [Number(step), word]));

  // The same without those from a number on: of one translator, or of all.
  Page.choices_before = (step, name = null) => Page.state.c.filter((text) => {
    const [, of, number_of] = CHOICE.exec(text);
    return (name && of !== name) || Number(number_of) < step;
  });

  // What is switched on for that model.
  Page.breaks = (name) => {
    const {b, r, m} = Page.state;
    if (m !== "all" && m !== name) return {};
    return Object.fromEntries(b.map((key) => [key, key === "remove_head" ? r : true]));
  };
})();
