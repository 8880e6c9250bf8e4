(() => {
  const WHOLE = ['d_model', 'n_layers', 'n_heads', 'vocab_size', 'max_len'];

  // The formulas of explore_transformers/pretraining/budgets.py, for the GPT.
  const costs = ({ d_model: d, n_layers: L, vocab_size: V, max_len: T, n_tokens, flops_per_second }) => {
    const n = V * d + T * d + L * (12 * d * d + 13 * d) + 2 * d;
    const total = 3 * (L * (24 * d * d + 4 * T * d) + 2 * d * V) * n_tokens;
    const bytes = 16 * n + 4 * (4 + 12 * L);
    return { n, total, bytes, days: total / flops_per_second / 86400 };
  };
  const short = (value) => {
    if (value >= 0.01 && value < 1e6) {
      return value >= 100 ? Math.round(value).toLocaleString('en') : `${+value.toPrecision(3)}`;
    }
    const [mantissa, exponent] = value.toExponential(2).split('e');
    const power = [...`${+exponent}`].map((c) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(c)]);
    return `${mantissa} × 10${power.join('')}`;
  };

  const time = (days, words) => {
    if (days >= 2) return short(days) + words.days;
    return days * 24 >= 2 ? short(days * 24) + words.hours : short(days * 1440) + words.minutes;
  };

  const start = (figure) => {
    const [form, readout] = ['.et-form', '.et-readout'].map((p) => figure.querySelector(p));
    const inputs = [...form.querySelectorAll('[data-key]')].map((field) => {
      const [label, input] = ['label', 'input'].map((name) => document.createElement(name));
      input.type = 'text';
      input.inputMode = 'decimal';
      input.value = field.dataset.value;
      input.name = field.dataset.key;
      label.append(field.textContent, input);
      field.replaceWith(label);
      return input;
    });
    const show = () => {
      const plan = Object.fromEntries(inputs.map((i) => [i.name, Number(i.value.replaceAll(',', ''))]));
      const right = (i) => plan[i.name] > 0 && Number.isFinite(plan[i.name])
        && (!WHOLE.includes(i.name) || Number.isInteger(plan[i.name]));
      inputs.forEach((i) => i.setAttribute('aria-invalid', !right(i)));
      const words = readout.dataset;
      if (!inputs.every(right)) { readout.textContent = words.wrong; return; }
      if (plan.d_model % plan.n_heads) { readout.textContent = words.heads; return; }
      const { n, total, bytes, days } = costs(plan);
      readout.textContent = [
        `${n.toLocaleString('en')} ${words.n}`, `${short(total)} ${words.total}`,
        `${short(bytes / 2 ** 30)} GiB (${words.bytes})`, time(days, words),
      ].join(' · ');
    };
    inputs.forEach((input) => input.addEventListener('input', show));
    // In a notebook, keys typed into an input are no commands for the cell.
    form.addEventListener('keydown', (event) => event.stopPropagation());
    form.title = readout.dataset.hint;
    show();
  };

  document.querySelectorAll('.et-budget:not([data-ready])').forEach((figure) => {
    // In a notebook not trusted yet, saved figures have lost their words: leave them.
    if (!figure.querySelector('[data-hint]')) return;
    figure.dataset.ready = '';
    start(figure);
  });
})();
