"""Where the extension finds the book and the repository."""

from pathlib import Path

BOOK = Path(__file__).resolve().parents[2]
ROOT = BOOK.parent
