"""Mutation testing: change one thing in a copy of the package and see whether a test fails.

`python -m strava_assets_tests.mutation` draws a seeded sample of all possible changes (mutants), in Python,
in the marts' SQL and in SQL inside Python, and runs the tests that reach the changed line. A mutant that
every test passes survives: a test is missing, or the change has no effect, which `equivalent.toml` explains.

Here belong the changes and how they are tried. A test that kills a mutant stands with those of its module.
"""
