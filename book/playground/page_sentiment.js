// Part 5: the GPT fine-tuned on reviews judges one, subword by subword.
"use strict";

(() => {
  const {make, say, button, status} = Page;
  const ui = {};
  let reader = null;

  const review = () => Page.state.v ?? Page.reviews[0][0];
  const tell = (text) => ui.said.replaceChildren(text);

  const ready = async () => {
    reader ??= (await Page.load(["korean_sentiment"], tell))?.korean_sentiment ?? null;
    return reader;
  };

  // ---- what is shown ----------------------------------------------------------------

  // Of the labels the likelier one, in words with its probability.
  const verdict = (probabilities) => {
    const likelier = ET.argmax(probabilities);
    return say("judged", say(reader.labels[likelier]),
      Page.percent(probabilities[likelier]));
  };

  const ENDS = {"<s>": "beginning", "</s>": "end"};
  const written = (word) => make("span",
    {class: "pg-word", lang: Object.hasOwn(ENDS, word) ? null : "ko"},
    Object.hasOwn(ENDS, word) ? say(ENDS[word]) : word);

  // The word, and beside it a bar with the middle marked: right of it is positive.
  const row = ({word, probabilities}) => {
    const bar = make("span", {class: "pg-bar pg-scale", "aria-hidden": "true"});
    bar.style.setProperty("--share", probabilities[1]);
    return make("li", {}, make("div", {class: "pg-row"}, written(word), bar,
      make("span", {class: "pg-share"}, Page.percent(probabilities[1]))));
  };

  // What a verdict would mislead about: nothing to judge, or nothing it can read.
  const caution = () => {
    if (!review().trim()) return say("review_empty");
    return /[가-힣ㄱ-ㅣ]/u.test(review().normalize("NFC")) ? "" : say("review_foreign");
  };

  const show = () => {
    if (!reader) return;
    ui.caution.textContent = caution();
    ui.caution.hidden = !caution();
    ui.result.hidden = !review().trim();
    if (ui.result.hidden) return caution();
    const {reads, n_dropped} = reader.read(review());
    const last = reads.at(-1).probabilities;
    ui.verdict.textContent = verdict(last);
    ui.dropped.textContent = n_dropped ? say("dropped", reads.length) : "";
    ui.dropped.hidden = !n_dropped;
    ui.rows.replaceChildren(...reads.map(row));
    ui.code.show(Page.sentiment_code(review()));
    return [caution(), verdict(last)].join(" ").trim();
  };

  // ---- what readers do --------------------------------------------------------------

  const judge = async () => {
    // Seen in the panel below, so here it is only spoken.
    if (!await ready()) return;
    ui.said.replaceChildren(make("span", {class: "pg-unseen"}, show()));
  };

  const use_review = (event) => {
    event.preventDefault();
    Page.change({v: ui.review.value});
    judge();
  };

  // Once the model is here, every letter typed is judged; it is said when asked for.
  const follow_typing = () => {
    Page.change({v: ui.review.value});
    if (reader) tell("");
    show();
  };

  const use_example = (text) => {
    Page.change({v: text});
    ui.review.value = text;
    judge();
  };

  const form = () => {
    ui.review = make("input", {
      type: "text", lang: "ko", maxlength: 300, value: review(), input: follow_typing,
    });
    return make("form", {submit: use_review}, Page.field(say("review"), ui.review),
      make("button", {type: "submit", class: "pg-main"}, say("judge")));
  };

  const follow = (change) => {
    if (!("v" in change)) return;
    if (document.activeElement !== ui.review) ui.review.value = review();
    show();
  };

  Page.parts.sentiment = (box) => {
    ui.said = status();
    ui.said.textContent = say("sentiment_load");
    ui.verdict = make("p", {class: "pg-verdict"});
    ui.dropped = make("p", {class: "pg-note"});
    ui.code = Page.code();
    ui.caution = make("p", {class: "pg-note", hidden: true});
    ui.rows = make("ol", {class: "pg-bars", "aria-label": say("judged_so_far")});
    ui.result = make("div", {class: "pg-panel pg-result"}, ui.verdict, ui.dropped,
      make("h3", {}, say("judged_so_far")), make("p", {class: "pg-hint"}, say("scale")),
      ui.rows, make("div", {class: "pg-controls"}, Page.share()), ui.code.fold);
    ui.result.hidden = true;
    box.append(Page.examples(Page.reviews, use_example), form(), ui.said, ui.caution,
      ui.result);
    Page.listeners.push(follow);
    if (Page.state.v !== null) judge();
  };
})();
