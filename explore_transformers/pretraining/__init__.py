"""Pre-training on several processes, in parts that can be read one by one.

`explore_transformers.pretrain` is the command; the parts, from the settings on:
config, texts, rows, models, accumulation, schedules, processes, saving, watching,
training; and budgets, which says beforehand what a run costs. In shapes: B rows,
T tokens, d numbers a token, V words.
"""
