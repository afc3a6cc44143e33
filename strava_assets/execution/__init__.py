"""How a run is executed on this machine: one process, a lock that shows it lives, and what repairs a crash.

Here belongs what Dagster's run machinery needs from us: the executor, the lock files, finding and ending
dead runs, pruning of run records. What an asset does belongs in `assets`, what a person sees in `cli`.

The modules use a few of Dagster's inner names, because it offers no public way to wait for a pool that can
be interrupted; `setup.cfg` bounds Dagster's version, and the tests of this package exercise each of them.
"""
