(() => {
  // Without this script all steps stand below one another; with it, one at a time.
  const start = (figure) => {
    const controls = figure.querySelector('.et-controls');
    if (!controls) return;
    const steps = [...figure.querySelectorAll('.et-step')];
    const names = steps.map((step) => step.caption.textContent);
    const [back, on] = controls.querySelectorAll('button');
    const range = controls.querySelector('input');
    const readout = figure.querySelector('.et-readout');

    const show = (i) => {
      steps.forEach((step, j) => { step.hidden = i !== j; });
      range.value = i;
      range.setAttribute('aria-valuetext', names[i]);
      back.disabled = i === 0;
      on.disabled = i === steps.length - 1;
      readout.textContent = `${names[i]} (${i + 1}/${steps.length})`;
    };
    const by = (n) => show(Math.max(0, Math.min(steps.length - 1, +range.value + n)));

    back.addEventListener('click', () => by(-1));
    on.addEventListener('click', () => by(1));
    range.addEventListener('input', () => show(+range.value));
    steps.forEach((step, i) => {
      step.setAttribute('aria-label', names[i]);
      step.caption.remove();
    });
    controls.hidden = false;
    show(0);
  };

  document.querySelectorAll('.et-bars:not([data-ready])').forEach((figure) => {
    figure.dataset.ready = '';
    start(figure);
  });
})();
