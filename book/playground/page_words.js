// The words that the models know, by part of speech: a click adds one to a sentence.
"use strict";

(() => {
  const {make, say, button} = Page;
  const ATTACHED = ["particles", "endings"]; // written without a space before them

  // A sentence with one word more. A particle takes the form that goes with what stands
  // before it; another ending takes the place of the verb's 다.
  Page.add_word = (typed, word, kind) => {
    const text = typed.trim().replace(/\s*\.$/u, "");
    if (!ATTACHED.includes(kind)) return text ? `${text} ${word}` : word;
    if (kind === "particles") return Page.with_particle(text, word);
    return text.replace(/다$/u, "") + word;
  };

  const word_button = ([word, meaning], add) => {
    const gloss = make("span", {class: "pg-gloss", lang: "en"}, meaning);
    const made = button("", () => add(word), {class: "pg-known"});
    made.append(make("span", {lang: "ko"}, word), " ", gloss);
    return make("li", {}, made);
  };

  // The list, of one part of speech at a time. change(add) gets (typed) => the sentence
  // with the word that was pressed.
  Page.word_list = (change) => {
    const kinds = Object.keys(SENTENCES.known);
    const list = make("ul", {class: "pg-words"});
    const show = () => {
      const kind = select.value;
      const add = (word) => change((typed) => Page.add_word(typed, word, kind));
      const buttons = SENTENCES.known[kind].map((row) => word_button(row, add));
      list.replaceChildren(...buttons);
    };
    const options = kinds.map((kind) => Page.option(kind, say(`kind_${kind}`)));
    const select = make("select", {change: show}, options);
    show();
    return make("details", {class: "pg-word-list"},
      make("summary", {}, say("word_list", Object.keys(SENTENCES.glosses).length)),
      make("p", {class: "pg-hint"}, say("word_order")),
      Page.field(say("kind"), select), list);
  };
})();
