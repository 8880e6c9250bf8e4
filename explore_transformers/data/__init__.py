"""Corpora: made-up sentences and reviews, letters and digits, real Korean reviews."""
