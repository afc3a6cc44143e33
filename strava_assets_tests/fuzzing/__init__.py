"""Fuzzing: whatever bytes a file, a page or a webhook's body has, the answer is a value or one of our errors.

`targets.py` lists what reads bytes that others wrote, `mutations.py` changes them, and `corpus/` keeps where
it starts: a small file of each form, and every input that was ever a fault.
"""
