"""An exercise of the book as a variant of it: answers back, words and samples there."""

from dataclasses import replace


class Translated:
    """What all variants share. A variant has `book`, the Exercise, and

    back(answer): what this answer would be in the book;
    there(answer): what an answer of the book's is here;
    words(text): a text of the book's, with the numbers or letters of the variant.
    """

    @property
    def answer(self):
        """The right answer."""
        return self.there(self.book.expected)

    def exercise(self):
        """Return the Exercise that judges this variant."""
        same = self.book.same
        return replace(
            self.book,
            expected=self.answer,
            mistakes=tuple(map(self._mistake, self.book.mistakes)),
            same=same and (lambda _, got: same(self.book.expected, self.back(got))),
        )

    def _mistake(self, mistake):
        wrong = mistake.answer
        if not callable(wrong):
            wrong = self.there(wrong)
            return replace(mistake, answer=wrong, **self._said(mistake))
        return replace(
            mistake,
            answer=lambda answer: wrong(self.back(answer)),
            example=self.there(mistake.example),
            **self._said(mistake),
        )

    def _said(self, mistake):
        return {"ko": self.words(mistake.ko), "en": self.words(mistake.en)}
