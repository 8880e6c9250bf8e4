// The interface of the playground: what its parts share. Kept apart from the engine, so
// that the engine can be read, and sent to a worker, without it.
"use strict";

var Page = {
  words: {}, // all that the page says, by language: words.js
  parts: {}, // {name: (box) => ...} fills the element with data-playground="name"
  state: {}, // what the address holds: page_address.js
  trouble: [], // the keys of the address that made no sense
  listeners: [], // called with what has changed

  language: document.documentElement.lang === "ko" ? "ko" : "en",

  // The words of that key in the page's language, with its {} filled in turn. A
  // particle in two forms, as in {을/를}, goes with what was filled in before it.
  say(key, ...values) {
    let word = "";
    return Page.words[Page.language][key].replace(/\{(?:([^{}]+)\/([^{}]+))?\}/gu,
      (_, ...forms) => (forms[0] ? Page.particle(word, forms[0], forms[1])
        : (word = String(values.shift()))));
  },

  // Which form of a Korean particle goes with a word: the first after a consonant, the
  // second after a vowel, or both where only a reader can know how the word sounds.
  particle(word, consonant, vowel) {
    const end = word.normalize("NFC").match(/[\p{L}\p{N}]/gu)?.at(-1) ?? "";
    if (/[가-힣]/u.test(end)) {
      return (end.charCodeAt(0) - "가".charCodeAt(0)) % 28 ? consonant : vowel;
    }
    if (/[ㄱ-ㅎ013678]/u.test(end)) return consonant;
    return /[ㅏ-ㅣ2459]/u.test(end) ? vowel : `${consonant}(${vowel})`;
  },

  // An element. Whatever a reader or an address gives goes in as text, never as HTML.
  make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (typeof value === "function") element.addEventListener(name, value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null) element.setAttribute(name, value);
    }
    element.append(...children.flat().filter((child) => child !== null));
    return element;
  },

  button(text, click, properties = {}) {
    return Page.make("button", {type: "button", click, ...properties}, text);
  },

  // A line of links to the glossary, which lies beside the page.
  terms(...names) {
    const link = (name) =>
      Page.make("a", {href: `glossary.html#term-${name}`}, Page.say(`term_${name}`));
    const links = names.flatMap((name, i) => [i ? ", " : " ", link(name)]);
    return Page.make("p", {class: "pg-hint"}, Page.say("terms"), links);
  },

  // A link to a lesson's heading, {ko, en} as it stands in its address.
  lesson(name, headings) {
    const {language} = Page, heading = headings[language];
    const href = `../../notebooks/${language}/${name}.html#${heading}`;
    return Page.make("a", {href}, Page.say("lesson", Number(name.slice(0, 2))));
  },

  // A sentence of the book as it is chosen: with its meaning for who reads no Korean.
  sentence_text(i) {
    const [source, target] = SENTENCES.pairs[i];
    const korean = Page.as_written(source.split(" "));
    if (Page.language === "ko") return korean;
    return `${target.replace(/ ([.,])/g, "$1")} (${korean})`;
  },

  upper: (text) => text.slice(0, 1).toUpperCase() + text.slice(1),

  svg(tag, properties, ...children) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(properties)) {
      element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  },

  // Text in which √d is a formula, drawn, since not every browser has a font for it.
  rich(text) {
    const root = () => Page.svg("svg",
      {viewBox: "0 0 24 20", class: "pg-root", role: "img", "aria-label": "√d"},
      Page.svg("path", {d: "M1 12l2.5-1.5 4 8 4-17h12"}),
      Page.svg("text", {x: 12, y: 17}, "d"));
    return text.split("√d").flatMap((part, i) => (i ? [root(), part] : [part]));
  },

  // A menu of [Korean, English] texts; whoever reads the English page sees both.
  examples(texts, choose) {
    const shown = ([korean, english]) =>
      (Page.language === "ko" ? korean : `${korean} (${english})`);
    const options = texts.map((text, i) => Page.option(i, shown(text)));
    const select = Page.make("select",
      {change: () => choose(texts[Number(select.value)][0])}, options);
    return Page.field(Page.say("example"), select);
  },

  // A line that screen readers speak when it changes.
  status: () => Page.make("p", {class: "pg-status", role: "status"}),

  field(label, input) {
    return Page.make("label", {class: "pg-field"}, Page.make("span", {}, label), input);
  },

  option: (value, text, selected = false) =>
    Page.make("option", {value, selected}, text),

  percent: (share) => (share > 0 && share < 0.0005 ? "<0.1%"
    : `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)}%`),

  // A Korean word's gloss, in English; null where there is none to give.
  gloss(word) {
    const gloss = Object.hasOwn(SENTENCES.glosses, word) && SENTENCES.glosses[word];
    return gloss && gloss !== word
      ? Page.make("span", {class: "pg-gloss", lang: "en"}, gloss) : null;
  },

  // A word with its gloss, where it has one, in one line of text.
  with_gloss(word) {
    const gloss = Page.gloss(word)?.textContent;
    return gloss ? `${word} (${gloss.replace(/[()]/g, "")})` : `“${word}”`;
  },

  // Words as bars: [[word, probability, id]], the one to come or chosen in bold. With
  // choose(id, word) each bar is a button.
  bars(rows, chosen = null, choose = null) {
    const items = rows.map(([word, share, id]) => {
      const bar = Page.make("span", {class: "pg-bar", "aria-hidden": "true"});
      bar.style.setProperty("--share", share);
      const parts = [Page.make("span", {class: "pg-word"}, word), bar,
        Page.make("span", {class: "pg-share"}, Page.percent(share))];
      const row = choose
        ? Page.button("", () => choose(id, word), {class: "pg-row"})
        : Page.make("div", {class: "pg-row"});
      row.append(...parts);
      return Page.make("li", {class: word === chosen ? "pg-chosen" : null}, row);
    });
    return Page.make("ul", {class: "pg-bars"}, items);
  },

  // Show something anew, in which a bar may have the focus: the new likeliest has it
  // then or, where nothing is left to choose, the element `otherwise`.
  keep_focus(place, show, otherwise) {
    const had = place.contains(document.activeElement);
    show();
    if (had) (place.querySelector("button.pg-row") ?? otherwise).focus();
  },

  // The likeliest few of all words.
  likeliest: (probabilities, words, n) => [...probabilities.keys()]
    .sort((a, b) => probabilities[b] - probabilities[a]).slice(0, n)
    .filter((id) => probabilities[id] > 0)
    .map((id) => [words[id], probabilities[id], id]),

  // Remember a change, put it into the address and tell all parts.
  change(change) {
    Object.assign(Page.state, change);
    Page.write_address();
    for (const listener of Page.listeners) listener(change);
  },

  // Models by name, their weights fetched when first needed; `tell` says so.
  // -> runners of one's own, or null when they could not be loaded
  async load(names, tell) {
    try {
      const runners = {};
      for (const name of names) {
        tell(Page.say("loading", Page.say(name)));
        runners[name] = await ET.load(name);
      }
      tell(Page.make("span", {class: "pg-unseen"}, Page.say("loaded")));
      return runners;
    } catch {
      tell(Page.say("not_loaded"));
      return null;
    }
  },

  // A button that copies what text() gives, and beside it whether it did.
  copier(label, text) {
    const told = Page.make("span", {role: "status", class: "pg-hint"});
    const copy = async () => {
      const copied = await navigator.clipboard?.writeText(text()).then(() => true,
        () => false);
      told.textContent = Page.say(copied ? "copied" : "copy_failed");
    };
    return Page.make("span", {class: "pg-copier"},
      Page.button(Page.say(label), copy), " ", told);
  },

  share: () => Page.copier("share", () => location.href),

  // Lines of Python in a fold -> {fold, show(text)}
  code() {
    const code = Page.make("code", {translate: "no"}), name = Page.say("as_code");
    const fold = Page.make("details", {}, Page.make("summary", {}, name),
      Page.make("p", {class: "pg-hint"}, Page.say("code_needs"), " ",
        Page.make("a", {href: "how-to-run.html"}, Page.say("how_to_run"))),
      Page.make("pre", {tabindex: 0, "aria-label": name}, code),
      Page.copier("copy_code", () => code.textContent));
    return {fold, show: (text) => { code.textContent = text; }};
  },

  start() {
    Page.trouble = Page.read_address();
    for (const box of document.querySelectorAll("[data-playground]")) {
      box.classList.add("pg");
      Page.parts[box.dataset.playground]?.(box);
    }
    Page.warn(Page.trouble);
    window.addEventListener("hashchange", () => {
      if (/^#[^=]+$/.test(location.hash)) return; // a heading's name
      Page.warn(Page.read_address());
      for (const listener of Page.listeners) listener(Page.state);
    });
  },

  // What of the address was left out, said before the first part.
  warn(trouble) {
    Page.trouble = trouble;
    document.querySelector(".pg-warning")?.remove();
    if (!trouble.length) return;
    const names = trouble.map((key) => Page.say(`address_${key}`)).join(", ");
    const text = Page.say("address_wrong", names);
    const line = Page.make("p", {class: "pg-warning", role: "alert"}, text);
    document.querySelector("[data-playground]")?.prepend(line);
  },
};
