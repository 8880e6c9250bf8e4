// The little that the models need of tensors. A vector is a Float32Array, several
// vectors are a list, and a matrix is {data: Float32Array, shape: [n_rows, n_columns]}.
"use strict";

ET.add((ET) => {
  // Sum of a[i + k] * b[j + k] for k < n. Four sums, so that none waits for the other.
  ET.dot = (a, i, b, j, n) => {
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0, k = 0;
    for (; k + 3 < n; k += 4) {
      s0 += a[i + k] * b[j + k];
      s1 += a[i + k + 1] * b[j + k + 1];
      s2 += a[i + k + 2] * b[j + k + 2];
      s3 += a[i + k + 3] * b[j + k + 3];
    }
    for (; k < n; k++) s0 += a[i + k] * b[j + k];
    return s0 + s1 + s2 + s3;
  };

  // One row of a matrix, and some rows as a matrix: views, nothing is copied.
  ET.row = ({data, shape}, i) => data.subarray(i * shape[1], (i + 1) * shape[1]);

  ET.rows = ({data, shape}, first, last) => ({
    data: data.subarray(first * shape[1], last * shape[1]),
    shape: [last - first, shape[1]],
  });

  // weight (n_out, n_in) times x (n_in,), plus bias (n_out,) -> (n_out,). Four rows and
  // two columns at a time: each x[j] is fetched once for four, in 64 bits it needs no
  // conversion, and fewer additions wait for one another. What is left goes row by row.
  ET.linear = ({data: W, shape: [n_out, n_in]}, bias, x) => {
    const y = bias ? bias.slice() : new Float32Array(n_out);
    const wide = Float64Array.from(x);
    const in_fours = n_in % 2 ? 0 : n_out - (n_out % 4);
    for (let i = 0; i < in_fours; i += 4) {
      const a = i * n_in, b = a + n_in, c = b + n_in, d = c + n_in;
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let j = 0; j < n_in; j += 2) {
        const value = wide[j], next = wide[j + 1];
        s0 += W[a + j] * value + W[a + j + 1] * next;
        s1 += W[b + j] * value + W[b + j + 1] * next;
        s2 += W[c + j] * value + W[c + j + 1] * next;
        s3 += W[d + j] * value + W[d + j + 1] * next;
      }
      y[i] += s0;
      y[i + 1] += s1;
      y[i + 2] += s2;
      y[i + 3] += s3;
    }
    for (let i = in_fours; i < n_out; i++) y[i] += ET.dot(W, i * n_in, x, 0, n_in);
    return y;
  };

  // The linear layer of that name, as a function.
  ET.linear_layer = (weights, name) => {
    const weight = weights[`${name}.weight`], bias = weights[`${name}.bias`];
    return (x) => ET.linear(weight, bias?.data, x);
  };

  ET.plus = (a, b) => a.map((value, i) => value + b[i]);

  ET.concat = (...vectors) => {
    const whole = new Float32Array(vectors.reduce((n, v) => n + v.length, 0));
    vectors.reduce((at, v) => (whole.set(v, at), at + v.length), 0);
    return whole;
  };

  ET.argmax = (x) => {
    let best = 0;
    for (let i = 1; i < x.length; i++) if (x[i] > x[best]) best = i;
    return best;
  };

  const sum = (x) => {
    let total = 0;
    for (let i = 0; i < x.length; i++) total += x[i];
    return total;
  };

  // Probabilities: positive, their sum is one; the largest is taken off first, since
  // exp of a large number would overflow.
  ET.softmax = (logits) => {
    const largest = logits[ET.argmax(logits)], n = logits.length;
    const powers = new Float32Array(n);
    let total = 0;
    for (let i = 0; i < n; i++) total += powers[i] = Math.exp(logits[i] - largest);
    for (let i = 0; i < n; i++) powers[i] /= total;
    return powers;
  };

  // Mean 0 and variance 1, then the layer's own scale and shift.
  ET.layer_norm = (weights, name, eps = 1e-5) => {
    const weight = weights[`${name}.weight`].data, bias = weights[`${name}.bias`].data;
    return (x) => {
      const mean = sum(x) / x.length;
      const centred = x.map((value) => value - mean);
      const variance = ET.dot(centred, 0, centred, 0, x.length) / x.length;
      const scale = 1 / Math.sqrt(variance + eps);
      return centred.map((value, i) => value * scale * weight[i] + bias[i]);
    };
  };
});
