"""Questions about this book, and the entries of its glossary and claims to search.

questions.json is a copy of the English glossary and of the claims of lessons 1 to 5, as
they stood when the questions were written, and 48 questions with the entries that
answer them. All were written down before any search was run on them. The first 36 ask
in other words ("paraphrase"), the last 12 use words of the entry ("keywords").
"""

import json
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Question:
    """A question, its kind, and the numbers of the entries that answer it."""

    text: str
    kind: str
    relevant: tuple[int, ...]


def load_questions():
    """Return (entries, questions): texts to search, and the labelled Questions."""
    path = files("explore_transformers") / "data" / "questions.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    place = {entry["id"]: i for i, entry in enumerate(kept["documents"])}
    entries = [
        f"{entry['title']}: {entry['text']}" if entry["title"] else entry["text"]
        for entry in kept["documents"]
    ]
    questions = [
        Question(q["text"], q["kind"], tuple(place[name] for name in q["relevant"]))
        for q in kept["queries"]
    ]
    return entries, questions
