(() => {
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const button = (sign, label) =>
    make('button', { type: 'button', ariaLabel: label }, sign);

  // Without this script each step is a fold; with it, they show one at a time.
  const start = (figure) => {
    const controls = figure.querySelector('.et-controls');
    if (!controls) return;
    const folds = [...figure.querySelectorAll('details')];
    const names = folds.map((fold) => fold.querySelector('summary').textContent);
    const steps = folds.map((fold) => fold.querySelector('.et-step'));
    const words = controls.dataset;
    const [back, on] = [button('◀', words.back), button('▶', words.on)];
    const range = make('input', { type: 'range', min: 0, max: steps.length - 1, step: 1 });
    controls.append(back, make('label', {}, make('span', {}, words.step), range), on);
    const readout = figure.querySelector('.et-readout');

    const show = (i) => {
      steps.forEach((step, j) => { step.hidden = i !== j; });
      range.value = i;
      range.setAttribute('aria-valuetext', names[i]);
      const ends = [[back, i === 0], [on, i === steps.length - 1]];
      ends.forEach(([end, isReached]) => {
        // A disabled button would drop the focus, and with it the arrow keys.
        if (isReached && end === document.activeElement) range.focus();
        end.disabled = isReached;
      });
      readout.textContent = `${names[i]} (${i + 1}/${steps.length})`;
    };
    const by = (n) => show(Math.max(0, Math.min(steps.length - 1, +range.value + n)));

    back.addEventListener('click', () => by(-1));
    on.addEventListener('click', () => by(1));
    range.addEventListener('input', () => show(+range.value));
    // JupyterLab would take these keys from the slider.
    controls.addEventListener('keydown', (event) => {
      if (/^(Arrow|Home|End|Page)/.test(event.key)) event.stopPropagation();
    });
    steps.forEach((step, i) => {
      step.setAttribute('aria-label', names[i]);
      folds[i].replaceWith(step);
    });
    show(0);
  };

  document.querySelectorAll('.et-bars:not([data-ready])').forEach((figure) => {
    // In a notebook not trusted yet, saved figures have lost their words: leave them.
    if (!figure.querySelector('[data-hint]')) return;
    figure.dataset.ready = '';
    start(figure);
  });
})();
