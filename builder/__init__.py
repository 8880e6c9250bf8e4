"""Builds the notebooks, the library modules and the claims from book/lessons."""
