// Part 4: the small Korean GPT, subword by subword.
"use strict";

(() => {
  const {make, say, button, status} = Page;
  const ui = {};
  let writer = null, begun = null;
  const NEVER = [ET.PAD, ET.BOS, ET.UNK]; // nobody wants to read these
  const LIMITS = {temperature: [0, 2, 0.1], k: [0, 100, 1], p: [0.05, 1, 0.05]};
  const NAMES = {temperature: "temperature", k: "top_k", p: "top_p"};

  const prompt = () => Page.state.g ?? Page.prompts[0][0];
  const tell = (text) => ui.said.replaceChildren(text);

  const ready = async () => {
    writer ??= (await Page.load(["korean_gpt"], tell))?.korean_gpt ?? null;
    if (writer) catch_up();
    return writer;
  };

  // Bring the writer to the prompt and to the tokens drawn so far, which an address may
  // give: from the first that can't stand there none is used.
  const catch_up = () => {
    if (begun !== prompt()) {
      begun = prompt();
      ui.begun = writer.start(begun);
    }
    const {d} = Page.state;
    while (writer.ids.some((id, i) => id !== d[i])) writer.back();
    for (const id of d.slice(writer.steps.length)) {
      if (writer.done || NEVER.includes(id) || !writer.vocabulary.words[id]) break;
      writer.step(id);
    }
    if (writer.steps.length < d.length) {
      Page.state.d = writer.ids;
      Page.write_address();
      Page.warn([...Page.trouble, "d"]);
    }
  };

  const options = () => {
    const {temperature, k, p} = Page.state;
    return {temperature, top_k: k || null, top_p: p};
  };

  const next = () => {
    const logits = writer.peek().logits.slice();
    for (const id of NEVER) logits[id] = -Infinity;
    return ET.next_probabilities(logits, options());
  };

  // "▁" stands for the space before a word.
  const shown = (id) => (id === ET.EOS ? say("end") : writer.vocabulary.words[id]);

  // ---- writing ----------------------------------------------------------------------

  const write = async (n) => {
    const refused = Object.keys(LIMITS)
      .find((key) => ui[key].getAttribute("aria-invalid") === "true");
    if (refused) return set_number(refused, ui[refused]);
    if (ui.prompt.value !== prompt()) Page.change({g: ui.prompt.value, d: []});
    if (!await ready()) return;
    const drawn = [];
    for (let i = 0; i < n && !writer.done; i++) {
      drawn.push(shown(writer.step(ET.draw(next())).id));
    }
    tell_written(drawn.length ? say("drawn", drawn.join(" ")) : "");
  };

  const choose = (id) => {
    writer.step(id);
    tell_written(say("chosen_subword", shown(id)));
  };

  const tell_written = (text) => {
    Page.change({d: writer.ids});
    tell([text, writer.done ? say("gpt_end") : ""].join(" "));
    show();
  };

  const undo = async () => {
    if (!await ready()) return;
    const last = writer.back();
    if (last) tell(say("taken_back", shown(last.id)));
    Page.change({d: writer.ids});
    show();
  };

  const anew = async () => {
    Page.change({d: []});
    if (await ready()) tell("");
    show();
  };

  const use_prompt = async () => {
    Page.change({g: ui.prompt.value, d: []});
    if (!await ready()) return;
    show();
    tell(counted(pieces().join(" ")));
  };

  const use_example = (text) => {
    ui.prompt.value = text;
    use_prompt();
  };

  // ---- what is chosen ---------------------------------------------------------------

  const set_number = (key, input) => {
    const [least, most, step] = LIMITS[key], value = Number(input.value);
    const fits = input.value.trim() !== "" && value >= least && value <= most
      && (step !== 1 || Number.isInteger(value));
    input.setAttribute("aria-invalid", String(!fits));
    if (!fits) return tell(say("bad_number", say(NAMES[key]), least, most));
    tell("");
    Page.change({[key]: value});
  };

  const number_field = (key) => {
    const [min, max, step] = LIMITS[key];
    const input = make("input", {
      type: "number", min, max, step, value: Page.state[key],
      "aria-describedby": `pg-about-${key}`,
      input: () => set_number(key, input),
    });
    ui[key] = input;
    return Page.field(say(NAMES[key]), input);
  };

  const about_numbers = () => make("ul", {class: "pg-hint"}, Object.keys(LIMITS).map(
    (key) => make("li", {id: `pg-about-${key}`}, say(`about_${key}`))));

  // ---- what is shown ----------------------------------------------------------------

  const pieces = () => writer.prompt.slice(1).map((id) => writer.vocabulary.words[id]);

  const counted = (text) => {
    const n = pieces().length;
    if (!n) return say("no_tokens");
    return n === 1 ? say("token", text) : say("tokens", n, text);
  };

  const merges_of = (word) => {
    const steps = [...writer.vocabulary.merges(word)];
    const items = steps.map(({pieces: now, pair, rank}) => make("li", {},
      make("span", {class: "pg-pieces", lang: "ko"},
        now.map((piece) => make("span", {class: "pg-piece"}, piece))), " ",
      make("small", {}, pair
        ? say("merged", ...pair, rank + 1, writer.vocabulary.rank.size)
        : say("characters"))));
    return make("details", {}, make("summary", {}, say("merges_of", word)),
      make("ol", {class: "pg-merges"}, items));
  };

  const show_merges = () => {
    const words = [...new Set(writer.vocabulary.words_of(begun))];
    const unknown = words.flatMap((word) => writer.vocabulary.split(word))
      .filter((piece) => !writer.vocabulary.ids.has(piece));
    const notes = [
      ui.begun.n_dropped ? say("dropped", writer.prompt.length) : null,
      unknown.length
        ? say("unknown_characters", [...new Set(unknown)].join(" ")) : null,
    ].filter(Boolean).map((note) => make("p", {class: "pg-note"}, note));
    ui.merges.replaceChildren(
      make("p", {}, counted(""),
        make("span", {class: "pg-pieces", lang: "ko"},
          pieces().map((piece) => make("span", {class: "pg-piece"}, piece)))),
      make("p", {class: "pg-hint"}, say("about_mark")), ...notes,
      ...words.slice(0, 12).map(merges_of));
    shown_merges = begun;
  };
  let shown_merges = null;

  const show_text = () => {
    const written = writer.ids.map((id) => (id === ET.EOS ? ` ${say("end")}`
      : writer.vocabulary.words[id].replaceAll("▁", " ")));
    const start = writer.vocabulary.decode(writer.prompt);
    ui.text.replaceChildren(start, make("mark", {}, written.join("")));
  };

  const show_bars = () => {
    if (writer.done) return ui.bars.replaceChildren(make("p", {}, say("gpt_end")));
    const rows = Page.likeliest(next(), writer.vocabulary.words, 10)
      .map(([, share, id]) => [shown(id), share, id]);
    ui.bars.replaceChildren(make("h3", {}, say("next_subword")),
      Page.bars(rows, null, choose));
  };

  const show = () => {
    if (!writer) return;
    if (shown_merges !== begun) show_merges();
    show_text();
    Page.keep_focus(ui.bars, show_bars, ui.undo);
    ui.written.hidden = false;
    const {temperature, k, p} = Page.state;
    ui.code.show(Page.gpt_code(begun, writer.ids, {temperature, top_k: k, top_p: p}));
  };

  const controls = () => {
    ui.undo = button(say("undo"), undo);
    return make("div", {class: "pg-controls"},
      button(say("one_more"), () => write(1), {class: "pg-main"}),
      button(say("ten_more"), () => write(10)), ui.undo, button(say("anew"), anew),
      Page.share());
  };

  const follow = async (change) => {
    if (!["g", "temperature", "k", "p"].some((key) => key in change)) return;
    for (const key of Object.keys(LIMITS)) {
      if (document.activeElement !== ui[key]) ui[key].value = Page.state[key];
    }
    // Another temperature must not take away a prompt that is typed but not used yet.
    const is_typing = document.activeElement === ui.prompt;
    if ("g" in change && !is_typing) ui.prompt.value = prompt();
    if ((writer || Page.state.d.length) && await ready()) show();
  };

  Page.parts.gpt = (box) => {
    ui.said = status();
    ui.prompt = make("input",
      {type: "text", lang: "ko", maxlength: 300, value: prompt()});
    ui.merges = make("div");
    ui.text = make("p", {class: "pg-output", lang: "ko"});
    ui.bars = make("div");
    ui.code = Page.code();
    ui.said.textContent = say("gpt_load");
    ui.written = make("div", {class: "pg-panel"},
      make("h3", {}, say("text_so_far")), ui.text, ui.bars, ui.code.fold);
    ui.written.hidden = true;
    const submit = (event) => {
      event.preventDefault();
      use_prompt();
    };
    box.append(Page.examples(Page.prompts, use_example),
      make("form", {submit}, Page.field(say("prompt"), ui.prompt),
        make("button", {type: "submit"}, say("tokenize"))), ui.merges,
      make("div", {class: "pg-controls"}, Object.keys(LIMITS).map(number_field)),
      about_numbers(), Page.terms("temperature", "top-k", "top-p", "prompt"),
      controls(), ui.said, ui.written);
    Page.listeners.push(follow);
    follow(Page.state);
  };
})();
