"""The directive `{claims}`: every claim with what was measured for it.

Texts come from explore_transformers/claims.toml, values from book/claims.json, which
`make claims` writes: {lesson: {"code": ..., "seeds": {seed: {claim: {"value": ...,
"at_least": ..., "at_most": ...}}}}}.
"""

import json
import sys
from html import escape

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util.docutils import SphinxDirective

from explore_site.dot_plot import dot_plot
from explore_site.paths import BOOK, ROOT
from explore_site.words import words

_RECORD = BOOK / "claims.json"


if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from explore_transformers.claims import load_texts, show  # noqa: E402
from explore_transformers.language import use_language  # noqa: E402

# Sections of the outline, whose own names are in both languages or in Korean.
_SECTIONS = {
    "시퀀스-투-시퀀스": "Sequence-to-sequence",
    "인코더와 디코더": "Encoder and decoder",
    "RNN 병목과 어텐션": "The RNN bottleneck and attention",
    "어텐션": "Attention",
    "사전 훈련": "Pre-training",
    "도메인 적응": "Domain adaptation",
}


def read_record(path=_RECORD):
    """Return {claim: {seed: measurement}} from claims.json; {} without the file."""
    if not path.exists():
        return {}
    found = {}
    for lesson in json.loads(path.read_text("utf-8")).values():
        for seed, claims in lesson["seeds"].items():
            for claim, measurement in claims.items():
                found.setdefault(claim, {})[int(seed)] = measurement
    return found


def facts(say, measurements, unit, show):
    """Return (name, value) pairs of one claim, in words; see words.py for `say`."""
    values = [m["value"] for m in measurements.values()]
    low, high = show(min(values), unit), show(max(values), unit)
    seeds = sorted(measurements)
    return [
        (say["measured"], low if low == high else say["range"].format(low, high)),
        (say["bound"], bound(say, measurements[seeds[0]], unit, show)),
        (say["seeds"], say["seed_count"].format(len(seeds), _runs(seeds))),
    ]


def bound(say, measurement, unit, show):
    """Return the bound of a measurement, in words."""
    limits = [(say[side], measurement[side]) for side in ("at_least", "at_most")]
    return ", ".join(s.format(show(v, unit)) for s, v in limits if v is not None)


def _runs(seeds):
    """Return sorted whole numbers as text, with runs joined: [0, 1, 2, 5] -> 0-2, 5."""
    runs = []
    for seed in seeds:
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{r[0]}–{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)


class Claims(SphinxDirective):
    """Every claim, grouped by lesson."""

    def run(self):
        """Return a section for each lesson, or a note when nothing was measured."""
        self.say = words(self.config.language)
        use_language(self.config.language)
        self.env.note_dependency(str(_RECORD))
        self.env.note_dependency(str(ROOT / "explore_transformers" / "claims.toml"))
        texts, self.show = load_texts(), show
        self.record = read_record()
        lessons, always = {}, {}
        for claim, words_ in texts.items():
            if "test" in words_:
                always[claim] = words_
            else:
                lessons.setdefault(claim.split(".")[0], {})[claim] = words_
        if not self.record:
            note, _ = self.parse_inline(self.say["no_record"])
            return [nodes.paragraph("", "", *note)]
        sections = [self._lesson(name, claims) for name, claims in lessons.items()]
        return [*sections, self._always(always)] if always else sections

    def _lesson(self, name, claims):
        place = f"notebooks/{self.config.language}"
        files = sorted((ROOT / place).glob(f"[0-9][0-9]_{name}.ipynb"))
        section = nodes.section(ids=[f"claims-{name}"])
        section += nodes.title("", self._title(files, name))
        if files:
            section += nodes.paragraph("", "", self._link(f"{place}/{files[0].stem}"))
        for claim, words_ in claims.items():
            section += self._claim(claim, words_)
        return section

    def _always(self, identities):
        """Return the section of what is always true, with the tests that hold it."""
        section = nodes.section(ids=["always-true"])
        section += nodes.title("", self.say["always"])
        note, _ = self.parse_inline(self.say["always_note"])
        section += nodes.paragraph("", "", *note)
        rows = nodes.bullet_list()
        for claim, words_ in identities.items():
            item = nodes.list_item(ids=[f"claim-{claim}"])
            item += nodes.paragraph("", words_[self.config.language] + " ")
            item[0] += nodes.literal("", words_["test"].rpartition("::")[2])
            rows += item
        section += rows
        return section

    def _title(self, files, name):
        number = int(files[0].name[:2]) if files else name
        return self.say["lesson"].format(number)

    def _link(self, docname):
        """Return a link to a page that shows the page's own title."""
        return pending_xref(
            "",
            nodes.inline(),
            refdomain="std",
            reftype="doc",
            refexplicit=False,
            reftarget=f"/{docname}",
            refdoc=self.env.docname,
            refwarn=True,
        )

    def _claim(self, claim, words_):
        block = nodes.container(classes=["claim"], ids=[f"claim-{claim}"])
        sentence = words_[self.config.language]
        block += nodes.paragraph("", "", nodes.strong("", sentence))
        block += nodes.raw("", self._table(claim, words_), format="html")
        return block

    def _table(self, claim, words_):
        """Return the claim's facts as an HTML list, with the plot below."""
        section = words_["section"]
        if self.config.language == "en":
            section = _SECTIONS.get(section, section)
        pairs = []
        plot = f"<p>{escape(self.say['not_measured'])}</p>"
        if measurements := self.record.get(claim):
            pairs = facts(self.say, measurements, words_["unit"], self.show)
            (_, measured), (_, limit), _ = pairs
            if study := words_.get("record"):
                pairs[2] = self.say["runs"], self.say["one_record"].format(study)
            plot = dot_plot(measurements, self.say["plot"].format(measured, limit))
        pairs = [(k, escape(v)) for k, v in ((self.say["section"], section), *pairs)]
        rows = "".join(f"<div><dt>{k}</dt><dd>{v}</dd></div>" for k, v in pairs)
        return f'<dl class="claim-facts">{rows}</dl>{plot}'


def setup(app):
    """Register the directive."""
    app.add_directive("claims", Claims)
