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
  const ranges = [...deck.querySelectorAll(':is(.et-diagram, .et-bars) input[type=range]')];
  const steps = new Map(ranges.map((range) => [range.closest('section'), range]));
  steps.forEach((range, section) => {
    for (let i = 0; i < +range.max; i += 1) {
      const fragment = document.createElement('span');
      fragment.className = 'fragment step';
      section.append(fragment);
    }
  });

  // A tall drawing is whole before its first step. Then each step is seen from close by:
  // as wide as its column, from above what the step adds to below it.
  const [WIDE, HIGH] = [700, 640];
  const whole = new Map();
  if (!asked.has('print-pdf')) {
    deck.querySelectorAll('.side .et-diagram .et-svg').forEach((drawing) => {
      const { width, height } = drawing.viewBox.baseVal;
      if (height / width < 1.1 * (HIGH / WIDE)) return;
      const section = drawing.closest('section');
      whole.set(section, { drawing, width, height });
      section.classList.add('tall');
    });
  }
  const closeUp = (section) => {
    if (!whole.has(section)) return;
    const { drawing, width, height } = whole.get(section);
    const now = [...drawing.querySelectorAll('.et-now')].map((part) => part.getBBox());
    const top = Math.min(...now.map((box) => box.y)) - 12;
    const end = Math.max(...now.map((box) => box.y + box.height)) + 12;
    const seen = now.length ? Math.max(end - top, width * (HIGH / WIDE)) : height;
    const start = Math.max(0, Math.min((top + end - seen) / 2, height - seen));
    const view = now.length ? [0, start, width, seen] : [0, 0, width, height];
    drawing.setAttribute('viewBox', view.join(' '));
  };

  // What a step says gets smaller letters where it would push the buttons out.
  const fitSaid = (section) => {
    const said = section.matches('.side') && section.querySelector('.et-readout');
    if (!said) return;
    const buttons = section.querySelector('.et-controls');
    for (let size = 28; size >= 18; size -= 2) {
      said.style.fontSize = `${size}px`;
      if (buttons.offsetTop + buttons.offsetHeight <= section.clientHeight - 32) return;
    }
  };

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
    const lead = () => {
      const section = range.closest('section');
      closeUp(section);
      fitSaid(section);
      Reveal.navigateFragment(+range.value - 1);
    };
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
  const fitShown = () => {
    fit(Reveal.getCurrentSlide());
    fitSaid(Reveal.getCurrentSlide());
  };
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
