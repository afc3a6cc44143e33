"""Execution of runs on one machine: the executor, lock files, recovery of dead runs, pruning of old runs.

What an asset does belongs in `assets`, and messages for the terminal belong in `cli`.

The modules use some of Dagster's internal names, because Dagster has no public API for an interruptible wait
for a pool. `setup.cfg` limits Dagster's version, and the tests of this package cover each of these names.
"""
