// The controls of a figure with steps: two buttons and a slider, by mouse or by key.
const startStepper = (figure, names, showStep, first = 0) => {
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const button = (sign, label) =>
    make('button', { type: 'button', ariaLabel: label }, sign);
  const controls = figure.querySelector('.et-controls');
  const words = controls.dataset;
  const [back, on] = [button('◀', words.back), button('▶', words.on)];
  const range = make('input', { type: 'range', min: 0, max: names.length - 1, step: 1 });
  controls.append(back, make('label', {}, make('span', {}, words.step), range), on);

  const show = (i) => {
    range.value = i;
    range.setAttribute('aria-valuetext', names[i]);
    const ends = [[back, i === 0], [on, i === names.length - 1]];
    ends.forEach(([end, isReached]) => {
      // A disabled button would drop the focus, and with it the arrow keys.
      if (isReached && end === document.activeElement) range.focus();
      end.disabled = isReached;
    });
    showStep(i);
  };
  const by = (n) => show(Math.max(0, Math.min(names.length - 1, +range.value + n)));

  back.addEventListener('click', () => by(-1));
  on.addEventListener('click', () => by(1));
  range.addEventListener('input', () => show(+range.value));
  // JupyterLab would take these keys from the slider.
  controls.addEventListener('keydown', (event) => {
    if (/^(Arrow|Home|End|Page)/.test(event.key)) event.stopPropagation();
  });
  show(first);
};
