"""Links from notebooks into the book's pages, resolved and checked.

A notebook links to `../../book/ko/glossary.md#term-x`, or, once the repository has an
address, to that page on the web, because Colab can follow nothing else. In the book
both become links between its own pages, and a dead one is a warning.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from explore_site.editions import address, site_url


def _to_local(app, docname, source):
    """Turn links to the published book into links within the source tree."""
    site = site_url(address())
    if site:
        place = re.escape(site) + r"/(?:en/)?([\w/-]+)\.html"
        published = re.compile(place, re.IGNORECASE)  # host names know no case
        source[0] = published.sub(_source_path, source[0])


def _source_path(match):
    page = match[1]
    return f"/{page}.ipynb" if page.startswith("notebooks/") else f"/{page}.md"


class TargetLinks(SphinxPostTransform):
    """Resolves links to `(target)=` labels and to references on another page.

    MyST itself knows only headings there; what stays unresolved here, it reports.
    """

    default_priority = 8  # MyST's own resolver has 9

    def run(self, **kwargs):
        """Replace the links whose target exists."""
        labels = self.env.get_domain("std").anonlabels
        places = {name: (doc, anchor) for name, (doc, anchor) in labels.items()}
        for citation in self.env.get_domain("cite").citations:
            docname = citation.bibliography_key.docname
            places[citation.key] = (docname, citation.citation_id)
        for node in list(self.document.findall(addnodes.pending_xref)):
            target = node.get("reftargetid")
            if node.get("refdomain") != "doc" or target not in places:
                continue
            docname, anchor = places[target]
            if docname == node["reftarget"]:
                node.replace_self(
                    make_refnode(
                        self.app.builder,
                        self.env.docname,
                        docname,
                        anchor,
                        node.children,
                    )
                )


class HeadingAnchors(SphinxTransform):
    """Gives headings without Latin letters an address of their own words.

    docutils would number them (#id7), and another heading above would move them all.
    """

    default_priority = 500

    def apply(self, **kwargs):
        """Rename the numbered ids of sections; a repeated heading keeps its number."""
        for section in self.document.findall(nodes.section):
            old = section["ids"][0]
            new = "-".join(re.findall(r"\w+", section[0].astext().lower()))
            if re.fullmatch(r"id\d+", old) and new and new not in self.document.ids:
                section["ids"][0] = new
                self.document.ids[new] = section
                for name in section["names"]:
                    if self.document.nameids.get(name) == old:
                        self.document.nameids[name] = new


def setup(app):
    """Register the steps."""
    app.add_transform(HeadingAnchors)
    app.connect("source-read", _to_local)
    app.add_post_transform(TargetLinks)
