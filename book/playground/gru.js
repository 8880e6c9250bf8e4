// Lesson 2: a GRU encoder and decoder that hand over one vector, the last hidden state.
"use strict";

ET.add((ET) => {
  const sigmoid = (x) => 1 / (1 + Math.exp(-x));

  // One step of a GRU: x (n_in,), h (hidden_size,) -> the new h; stacked are r, z, n.
  ET.gru_cell = (x, h, W, U, b, c) => {
    const from_x = ET.linear(W, b, x), from_h = ET.linear(U, c, h);
    const size = h.length;
    return h.map((old, i) => {
      const r = sigmoid(from_x[i] + from_h[i]); // reset gate
      const z = sigmoid(from_x[i + size] + from_h[i + size]); // update gate
      const n = Math.tanh(from_x[i + 2 * size] + r * from_h[i + 2 * size]);
      return (1 - z) * n + z * old;
    });
  };

  const gru_layer = (weights, name) => {
    const of = (part) => weights[`${name}.${part}_l0`];
    const W = of("weight_ih"), U = of("weight_hh");
    const b = of("bias_ih").data, c = of("bias_hh").data;
    return (x, h) => ET.gru_cell(x, h, W, U, b, c);
  };

  ET.RNN = class {
    static switches = ["cut_context", "padding_in"];

    constructor(weights) {
      this.hidden_size = weights["encoder.gru.weight_hh_l0"].shape[1];
      this.source_embedding = weights["encoder.token_embedding.weight"];
      this.token_embedding = weights["decoder.token_embedding.weight"];
      this.encoder_gru = gru_layer(weights, "encoder.gru");
      this.decoder_gru = gru_layer(weights, "decoder.gru");
      this.combine = ET.linear_layer(weights, "decoder.combine");
      this.lm_head = ET.linear_layer(weights, "decoder.lm_head");
      this.heads = [];
    }

    // Source ids -> one hidden state a token, the last of which stands for the whole.
    encode(src) {
      let h = new Float32Array(this.hidden_size);
      const memory = src.map((id) => {
        h = this.encoder_gru(ET.row(this.source_embedding, id), h);
        return h;
      });
      return {memory, last_hidden: h, attention_weights: {}};
    }

    // One word and the state before it -> logits of the next word, the state after it.
    decode(id, encoder_outputs, state, breaks) {
      const {last_hidden} = encoder_outputs;
      const input = ET.concat(ET.row(this.token_embedding, id), last_hidden);
      const hidden = this.decoder_gru(input, state ?? last_hidden);
      const read = this.compute_context(hidden, encoder_outputs, breaks);
      const both = this.combine(ET.concat(hidden, read.context)).map(Math.tanh);
      const {attention_weights} = read;
      return {logits: this.lm_head(both), state: hidden, attention_weights};
    }

    // What the decoder reads of the source at this step: here always the same.
    compute_context(hidden, encoder_outputs) {
      return {context: encoder_outputs.last_hidden, attention_weights: {}};
    }
  };
});
