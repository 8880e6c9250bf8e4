// Starts reveal.js, and lets its keys, and a presenter's clicker, step the figures.
(() => {
  const deck = document.querySelector('.deck');
  const asked = new URLSearchParams(location.search);
  const root = document.documentElement;
  const lit = (isDark) => { root.dataset.theme = isDark ? 'dark' : 'light'; };
  lit(asked.has('dark'));
  deck.classList.add('reveal'); // without this script the slides are one long page

  // What they lead to is in the lesson, not here.
  deck.querySelectorAll('.et-svg a').forEach((link) => link.removeAttribute('href'));

  // A figure with n steps gets n fragments, which show nothing themselves.
  const ranges = [...deck.querySelectorAll('.et-diagram input[type=range]')];
  const steps = new Map(ranges.map((range) => [range.closest('section'), range]));
  steps.forEach((range, section) => {
    for (let i = 0; i < +range.max; i += 1) {
      const fragment = document.createElement('span');
      fragment.className = 'fragment step';
      section.append(fragment);
    }
  });
  const follow = () => {
    const section = Reveal.getCurrentSlide();
    const range = steps.get(section);
    if (!range) return;
    const n = section.querySelectorAll('.step.visible').length;
    if (+range.value === n) return;
    range.value = n;
    range.dispatchEvent(new Event('input', { bubbles: true }));
  };
  steps.forEach((range) => {
    const lead = () => Reveal.navigateFragment(+range.value - 1);
    range.closest('.et-controls').addEventListener('click', (event) => {
      lead();
      // A mouse has no need of the focus, and the space bar is to go on from here.
      if (event.detail) document.activeElement.blur();
    });
    range.closest('.et-controls').addEventListener('input', lead);
  });

  // A table is as large as its slide allows.
  const fit = (section) => {
    section.querySelectorAll(':scope > .shown > .et-figure').forEach((figure) => {
      if (!section.matches('.below')) return;
      const room = figure.parentElement;
      figure.style.zoom = 1;
      const [wide, high] = [figure.scrollWidth, figure.scrollHeight];
      const zoom = Math.min(room.clientWidth / wide, room.clientHeight / high, 1.6);
      figure.style.zoom = Math.floor(zoom * 100 - 1) / 100;
    });
  };
  const fitShown = () => fit(Reveal.getCurrentSlide());
  Reveal.on('pdf-ready', () => deck.querySelectorAll('section').forEach(fit));

  Reveal.on('ready', () => {
    const label = (sign, words) => deck.querySelectorAll(`.navigate-${sign}`)
      .forEach((button) => button.setAttribute('aria-label', words));
    label('left', deck.dataset.back);
    label('right', deck.dataset.on);
  });
  ['ready', 'slidechanged', 'fragmentshown', 'fragmenthidden'].forEach((event) => {
    Reveal.on(event, follow);
  });
  ['ready', 'slidechanged'].forEach((event) => Reveal.on(event, fitShown));
  Reveal.initialize({
    width: 1280, height: 720, margin: 0, center: false, hash: true, transition: 'none',
    slideNumber: 'c/t', view: asked.has('print-pdf') ? 'print' : null,
    pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1,
    showNotes: asked.has('notes') && (asked.has('print-pdf') ? 'separate-page' : true),
  });
  Reveal.addKeyBinding({ keyCode: 68, key: 'D', description: 'Dark' }, () => {
    lit(root.dataset.theme === 'light');
  });
  Reveal.addKeyBinding({ keyCode: 78, key: 'N', description: 'Notes' }, () => {
    Reveal.configure({ showNotes: !Reveal.getConfig().showNotes });
  });
})();
