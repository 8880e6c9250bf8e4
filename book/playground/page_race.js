// Part 3: the book's main figure, made in the reader's own browser. A worker does the
// work, so that the page stays at hand. It is asked for one sentence at a time, so that
// it can always stop.
"use strict";

(() => {
  const {make, say, button, status, svg} = Page;
  const ui = {};
  const N = SENTENCES.pairs.length, N_BINS = Page.lengths.length;
  let worker = null, running = false, counts = null, asked = 0, done = 0;

  // Runs in the worker: weights come once, then sentences; back goes each translation.
  const work = () => {
    const translators = {};
    onmessage = async ({data: {packed, index, words}}) => {
      for (const [name, weights] of Object.entries(packed ?? {})) {
        ET.receive(name, weights);
        translators[name] = await ET.load(name);
      }
      if (!words) return;
      const translations = {};
      for (const [name, translator] of Object.entries(translators)) {
        translator.start(words);
        translations[name] = translator.run().join(" ");
      }
      postMessage({index, translations});
    };
  };

  const make_worker = async () => {
    const packed = {};
    for (const name of ET.TRANSLATORS) {
      tell(say("loading", say(name)));
      packed[name] = await ET.fetch_packed(name);
    }
    const blob = new Blob([ET.as_text(), `(${work})();`], {type: "text/javascript"});
    const made = new Worker(URL.createObjectURL(blob));
    made.onmessage = ({data}) => received(data);
    made.onerror = () => failed(say("race_failed"));
    made.postMessage({packed});
    return made;
  };

  const tell = (text) => { ui.said.textContent = text; };
  // It stands beside the bar, too, where it is never behind the table.
  const tell_unseen = (text) =>
    ui.said.replaceChildren(make("span", {class: "pg-unseen"}, text));

  const failed = (text) => {
    worker = null;
    running = false;
    tell(text);
    show_buttons();
  };

  // ---- running ----------------------------------------------------------------------

  const clear = () => {
    [asked, done] = [0, 0];
    counts = Object.fromEntries(ET.TRANSLATORS.map((name) =>
      [name, Page.lengths.map(() => ({right: 0, all: 0}))]));
  };

  const ask = () => {
    const [source] = SENTENCES.pairs[asked];
    worker.postMessage({index: asked, words: source.split(" ")});
    asked += 1;
  };

  const received = ({index, translations}) => {
    if (index !== done) return; // of a run that was begun over
    const [, reference] = SENTENCES.pairs[index];
    for (const [name, translation] of Object.entries(translations)) {
      const count = counts[name][index % N_BINS];
      count.all += 1;
      count.right += translation === reference;
    }
    done += 1;
    if (done === N) finish();
    else if (running) ask();
    else tell(say("race_stopped", done));
    if (running && done % 20 === 0) tell_unseen(say("race_at", N, done));
    show();
  };

  const finish = () => {
    running = false;
    const shares = ET.TRANSLATORS.map((name) => {
      const {right, all} = counts[name].at(-1);
      return say("all_said", say(name), Page.percent(right / all));
    });
    tell(say("race_done", shares.join(", ")));
  };

  const start = async () => {
    if (running) {
      running = false; // what was asked for last still comes
      show_buttons();
      return;
    }
    if (done === N) clear();
    running = true;
    show_buttons();
    try {
      worker ??= await make_worker();
    } catch {
      failed(say("not_loaded"));
      return;
    }
    tell_unseen(say("race_at", N, done));
    if (running && asked === done) ask();
  };

  const again = () => {
    running = false;
    worker?.terminate();
    worker = null;
    clear();
    tell("");
    show();
  };

  // ---- the figure -------------------------------------------------------------------

  const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [560, 300, 52, 14, 52];
  // Lines on one another stay apart by a little.
  const x_of = (bin, apart = 0) =>
    LEFT + (WIDTH - LEFT - 20) * (bin + 0.5) / N_BINS + 9 * apart;
  const y_of = (share) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share;
  const text = (x, y, words, anchor = "middle") =>
    svg("text", {x, y, "text-anchor": anchor}, words);

  const axes = () => [
    ...[0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      svg("line",
        {class: "pg-grid", x1: LEFT, x2: WIDTH, y1: y_of(share), y2: y_of(share)}),
      text(LEFT - 8, y_of(share) + 5, `${100 * share}%`, "end"),
    ]),
    ...Page.lengths.map(([least, most], bin) =>
      text(x_of(bin), HEIGHT - BOTTOM + 22, `${least}–${most}`)),
    text((LEFT + WIDTH) / 2, HEIGHT - 8, say("race_x")),
  ];

  // Told apart by form too: a circle, a square, a triangle.
  const mark = (name, x, y) => {
    if (name === "encoder_decoder") return svg("circle", {cx: x, cy: y, r: 5});
    if (name === "attention") {
      return svg("rect", {x: x - 5, y: y - 5, width: 10, height: 10});
    }
    return svg("path", {d: `M${x} ${y - 7}l7 12h-14z`});
  };

  const line = (name) => {
    const points = counts[name]
      .map(({right, all}, bin) =>
        all && [x_of(bin, ET.TRANSLATORS.indexOf(name) - 1), y_of(right / all)])
      .filter(Boolean);
    return svg("g", {class: `pg-line pg-${name}`},
      svg("polyline", {points: points.map((point) => point.join(",")).join(" ")}),
      ...points.map(([x, y]) => mark(name, x, y)));
  };

  const legend = () => ET.TRANSLATORS.map((name) => make("li", {},
    svg("svg", {viewBox: "0 0 36 16", "aria-hidden": "true"},
      svg("g", {class: `pg-line pg-${name}`},
        svg("polyline", {points: "0,8 36,8"}), mark(name, 18, 8))), say(name)));

  const show_figure = () =>
    ui.figure.replaceChildren(...axes(), ...ET.TRANSLATORS.map(line));

  const show_table = () => {
    const head = make("tr", {}, make("td", {}, say("race_table")),
      Page.lengths.map(([a, b]) => make("th", {scope: "col"}, `${a}–${b}`)));
    const rows = ET.TRANSLATORS.map((name) => make("tr", {},
      make("th", {scope: "row"}, say(name)),
      counts[name].map(({right, all}) => make("td", {}, `${right} / ${all}`))));
    ui.table.replaceChildren(make("thead", {}, head), make("tbody", {}, rows));
  };

  const show_buttons = () => {
    const at_rest = {0: "race_start", [N]: "race_repeat"}[done] ?? "race_resume";
    ui.start.textContent = say(running ? "race_stop" : at_rest);
  };

  const show = () => {
    show_figure();
    show_table();
    show_buttons();
    ui.progress.value = done;
    ui.count.textContent = done ? say("race_at", N, done) : "";
  };

  Page.parts.race = (box) => {
    clear();
    ui.said = status();
    ui.start = button("", start, {class: "pg-main"});
    ui.progress = make("progress",
      {max: N, value: 0, "aria-label": say("race_progress")});
    ui.count = make("span", {class: "pg-hint", "aria-hidden": "true"});
    ui.figure = svg("svg", {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img",
      class: "pg-figure", "aria-label": say("race_name")});
    ui.table = make("table", {class: "pg-counts"});
    box.append(make("p", {}, say("race_whole")),
      make("div", {class: "pg-controls"}, ui.start,
        button(say("race_again"), again), ui.progress, ui.count), ui.said,
      make("p", {class: "pg-hint"}, say("race_y")), ui.figure,
      make("ul", {class: "pg-legend"}, legend()),
      make("div", {class: "pg-scroll et-figure", tabindex: 0, role: "region",
        "aria-label": say("race_table")}, ui.table));
    show();
  };
})();
