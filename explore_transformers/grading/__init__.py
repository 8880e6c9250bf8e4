"""Grades a class's notebooks: `python -m explore_transformers.grade SUBMISSIONS`.

Two processes that share nothing but a pipe: the judge has the book's checks and never
runs a student's code; the student's process runs it, and has neither reference
answers, nor verdicts, nor files or network.
"""
