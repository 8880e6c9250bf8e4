(() => {
  // Without this script each step is a fold; with it, they show one at a time.
  const start = (figure) => {
    if (!figure.querySelector('.et-controls')) return;
    const folds = [...figure.querySelectorAll('details')];
    const names = folds.map((fold) => fold.querySelector('summary').textContent);
    const steps = folds.map((fold) => fold.querySelector('.et-step'));
    const readout = figure.querySelector('.et-readout');
    steps.forEach((step, i) => {
      step.setAttribute('aria-label', names[i]);
      folds[i].replaceWith(step);
    });
    startStepper(figure, names, (i) => {
      steps.forEach((step, j) => { step.hidden = i !== j; });
      readout.textContent = `${names[i]} (${i + 1}/${steps.length})`;
    });
  };

  document.querySelectorAll('.et-bars:not([data-ready])').forEach((figure) => {
    // In a notebook not trusted yet, saved figures have lost their words: leave them.
    if (!figure.querySelector('[data-hint]')) return;
    figure.dataset.ready = '';
    start(figure);
  });
})();
