// The models by name: their weights come when asked for, and all are used alike.
//
//   const translator = await ET.load("attention");
//   translator.start("나 는 사과 를 먹었 다 .".split(" "), {no_scale: true});
//   while (!translator.done) console.log(translator.step().word);
"use strict";

ET.add((ET) => {
  ET.MODELS = {
    encoder_decoder: {make: (weights) => new ET.RNN(weights)},
    attention: {make: (weights) => new ET.AttentionRNN(weights)},
    transformer: {make: (weights) => new ET.Transformer(weights)},
    korean_gpt: {make: (weights) => new ET.GPT(weights)},
    // Only what fine-tuning has changed is kept; the rest is as in the GPT.
    korean_sentiment: {make: (weights) => new ET.Classifier(weights), of: "korean_gpt"},
  };
  ET.TRANSLATORS = ["encoder_decoder", "attention", "transformer"];

  // ---- weights ----------------------------------------------------------------------

  // A 16-bit float's bits: sign, 5 of exponent, 10 of fraction.
  const from_half = (bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31, fraction = bits & 1023;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  };

  let table = null; // of all 65,536; made once, for the first model

  // All weights lie in one text, one after the other; shapes say where each ends.
  ET.unpack = ({shapes, data}) => {
    const bytes = atob(data), n_weights = bytes.length / 2;
    const all = new Float32Array(n_weights);
    table ??= Float32Array.from({length: 65536}, (_, bits) => from_half(bits));
    for (let i = 0; i < n_weights; i++) {
      all[i] = table[bytes.charCodeAt(2 * i) + 256 * bytes.charCodeAt(2 * i + 1)];
    }
    const weights = {};
    let at = 0;
    for (const [name, shape] of Object.entries(shapes)) {
      const n = shape.reduce((a, b) => a * b, 1);
      weights[name] = {data: all.subarray(at, at + n), shape};
      at += n;
    }
    return weights;
  };

  const arrived = new Map(); // what weights/NAME.js gave, by name
  const awaited = new Map();

  // Called by weights/NAME.js (and by a worker that was sent the same).
  ET.receive = (name, packed) => arrived.set(name, packed);

  // The folder of this file, where weights/ lies too; none in a worker.
  const here = globalThis.document?.currentScript?.src ?? "";
  ET.folder = here.slice(0, here.lastIndexOf("/") + 1);

  // What weights/NAME.js holds, as it came: to make a model of, or to send to a worker.
  ET.fetch_packed = (name) => {
    if (!Object.hasOwn(ET.MODELS, name)) {
      return Promise.reject(new RangeError(`no model of the name ${name}`));
    }
    if (arrived.has(name)) return Promise.resolve(arrived.get(name));
    if (!awaited.has(name)) {
      const loaded = add_script(`${ET.folder}weights/${name}.js`);
      loaded.catch(() => awaited.delete(name)); // so that one may try again
      awaited.set(name, loaded.then(() => arrived.get(name)));
    }
    return awaited.get(name);
  };

  const add_script = (src) => new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.charset = "utf-8";
    script.onload = resolve;
    script.onerror = () => reject(new Error(`could not be loaded: ${src}`));
    script.src = src;
    document.head.append(script);
  });

  const made = new Map(); // one set of 32-bit weights for all who use it

  // -> a Translator, for "korean_gpt" a Writer, for "korean_sentiment" a Reader; each
  // has its own sentence.
  ET.load = async (name) => {
    const packed = await ET.fetch_packed(name), {make, of} = ET.MODELS[name];
    const base = of ? await ET.fetch_packed(of) : null;
    if (!made.has(name)) {
      const own = Object.entries(ET.unpack(packed)).map(([key, weight]) =>
        [key.replace(/^model\./, ""), weight]); // as the GPT names its parts
      made.set(name, make({...base && ET.unpack(base), ...Object.fromEntries(own)}));
    }
    const Runner = {korean_gpt: ET.Writer, korean_sentiment: ET.Reader}[name]
      ?? ET.Translator;
    return new Runner(name, made.get(name), {...base?.words, ...packed.words});
  };

  // ---- running them -----------------------------------------------------------------

  // With the switch padding_in the source has so many PAD behind it, as in a batch with
  // a longer sentence, and no mask: the model reads them like words.
  ET.N_PADDING = 5;

  // Only switches of that model: true, or for remove_head a list of "NAME.HEAD".
  const fitting = (breaks, switches) => {
    const chosen = switches.filter((name) => breaks[name]);
    const values = chosen.map((name) =>
      [name, name === "remove_head" ? [breaks[name]].flat() : true]);
    return Object.fromEntries(values);
  };

  const zeros = ({memory, last_hidden, ...rest}) => ({
    ...rest,
    memory: memory.map((x) => new Float32Array(x.length)),
    last_hidden: last_hidden && new Float32Array(last_hidden.length),
  });

  // What translators and the GPT share: steps forward and back, one token each.
  class Runner {
    constructor(name, model) {
      Object.assign(this, {name, model, steps: []});
      this.switches = model.constructor.switches;
      this.heads = model.heads; // [{name, n_heads}]: what remove_head can name
    }

    get ids() {
      return this.steps.map((step) => step.id);
    }

    // Compute the next token's logits and take the likeliest, or the id given.
    step(id = null) {
      if (this.done) return null;
      const {logits, state, attention_weights} = this.peek();
      const probabilities = ET.softmax(logits);
      const chosen = id ?? ET.argmax(logits);
      const word = this.vocabulary.words[chosen];
      const step = {logits, probabilities, attention_weights, id: chosen, word, state};
      this.steps.push(step);
      this.next = null;
      return step;
    }

    // What step() will choose from, before it does; computed once.
    peek() {
      this.next ??= this.compute();
      return this.next;
    }

    // Take the last step back; it is returned, or undefined when there is none.
    back() {
      this.next = null;
      return this.steps.pop();
    }

    get done() {
      const last = this.steps.at(-1);
      return last?.id === ET.EOS || this.steps.length >= this.max_steps;
    }
  }

  ET.Translator = class extends Runner {
    constructor(name, model, {source, target}) {
      super(name, model);
      this.source_vocabulary = new ET.Vocabulary(source);
      this.vocabulary = new ET.Vocabulary(target);
      this.max_steps = 60;
      this.start(["."]);
    }

    // source_words: Korean words; breaks: {no_scale: true, remove_head: ["NAME.0"]}.
    // -> {src, source_words, attention_weights} of the encoder
    start(source_words, breaks = {}) {
      const src = this.source_vocabulary.encode(source_words);
      if (!src.length) throw new RangeError("a source needs at least one word");
      this.breaks = fitting(breaks, this.switches);
      if (this.breaks.padding_in) src.push(...Array(ET.N_PADDING).fill(ET.PAD));
      const outputs = this.model.encode(src, this.breaks);
      this.encoder_outputs = this.breaks.cut_context ? zeros(outputs) : outputs;
      [this.steps, this.next] = [[], null];
      return {
        src,
        source_words: src.map((id) => this.source_vocabulary.words[id]),
        attention_weights: outputs.attention_weights,
      };
    }

    compute() {
      const last = this.steps.at(-1);
      const {model, encoder_outputs, breaks} = this;
      return model.decode(last?.id ?? ET.BOS, encoder_outputs, last?.state, breaks);
    }

    // To the end, greedily -> the words of the translation so far.
    run() {
      while (!this.done) this.step();
      return this.vocabulary.decode(this.ids);
    }
  };

  ET.Writer = class extends Runner {
    constructor(name, model, {characters, merges}) {
      super(name, model);
      this.vocabulary = new ET.Subwords(characters, merges);
      this.start("");
    }

    // The beginning of a text -> its ids with BOS before them. The model has max_len
    // positions: of a longer beginning only what fits is kept, and n_dropped says so.
    start(text, breaks = {}) {
      this.breaks = fitting(breaks, this.switches);
      const ids = [ET.BOS, ...this.vocabulary.encode(text)];
      this.prompt = ids.slice(0, this.model.max_len);
      this.max_steps = this.model.max_len - this.prompt.length + 1;
      [this.steps, this.next, this.read] = [[], null, null];
      return {prompt: this.prompt, n_dropped: ids.length - this.prompt.length};
    }

    // The whole beginning is read with the first step; then each new token alone.
    compute() {
      if (this.steps.length) {
        const {id, state} = this.steps.at(-1);
        return this.model.decode(id, state, this.breaks);
      }
      this.read ??= this.read_prompt();
      return this.read.at(-1);
    }

    // What decode() gave for each token of the beginning.
    read_prompt() {
      let state = null;
      return this.prompt.map((id) => {
        const read = this.model.decode(id, state, this.breaks);
        ({state} = read);
        return read;
      });
    }

    // The text so far.
    get text() {
      return this.vocabulary.decode([...this.prompt, ...this.ids]);
    }
  };

  ET.Reader = class {
    constructor(name, model, {characters, merges, labels}) {
      Object.assign(this, {name, model, labels, reads: []});
      this.vocabulary = new ET.Subwords(characters, merges);
    }

    // A text, between BOS and EOS -> what each token has made of it: {id, word,
    // probabilities} of the labels. The model has max_len positions: what doesn't fit
    // is not read, and n_dropped says so.
    read(text) {
      const ids = [ET.BOS, ...this.vocabulary.encode(text), ET.EOS];
      const kept = ids.slice(0, this.model.max_len);
      const other = kept.findIndex((id, i) => id !== this.reads[i]?.id);
      // A beginning that was read before is not read again.
      this.reads = this.reads.slice(0, other < 0 ? kept.length : other);
      for (const id of kept.slice(this.reads.length)) {
        const word = this.vocabulary.words[id];
        this.reads.push({word, ...this.model.read(id, this.reads.at(-1))});
      }
      return {reads: [...this.reads], n_dropped: ids.length - kept.length};
    }
  };
});
