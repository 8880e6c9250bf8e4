// Lesson 3: attention, and lesson 2's decoder that reads all hidden states by it.
"use strict";

ET.add((ET) => {
  // query (d,) -> context (d,), and a weight for each key; one head sees the numbers
  // `from` to `to` of each vector. No mask: a query gets only what it may attend to.
  ET.scaled_dot_product_attention = (
    query, keys, values, breaks = {}, from = 0, to = query.length,
  ) => {
    const d = to - from;
    const scale = breaks.no_scale ? 1 : 1 / Math.sqrt(d);
    const scores = Float32Array.from(
      keys, (key) => ET.dot(query, from, key, from, d) * scale,
    );
    const weights = breaks.uniform_attention
      ? scores.fill(1 / keys.length)
      : ET.softmax(scores);
    const context = new Float32Array(d);
    for (let i = 0; i < d; i++) {
      let sum = 0;
      for (let t = 0; t < values.length; t++) sum += weights[t] * values[t][from + i];
      context[i] = sum;
    }
    return {context, weights};
  };

  // Is this head among those that the reader removed? "decoder.attention.0"
  ET.is_removed = (name, head, breaks = {}) =>
    (breaks.remove_head ?? []).includes(`${name}.${head}`);

  const NAME = "decoder.attention";

  ET.AttentionRNN = class extends ET.RNN {
    static switches = [
      "cut_context", "no_scale", "padding_in", "remove_head", "uniform_attention",
    ];

    constructor(weights) {
      super(weights);
      this.heads = [{name: NAME, n_heads: 1}];
    }

    // The state asks, all hidden states of the encoder answer: anew at every step.
    compute_context(hidden, {memory}, breaks) {
      const read = ET.scaled_dot_product_attention(hidden, memory, memory, breaks);
      if (ET.is_removed(NAME, 0, breaks)) read.context.fill(0);
      return {context: read.context, attention_weights: {[NAME]: [read.weights]}};
    }
  };
});
