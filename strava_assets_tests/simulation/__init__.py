"""Years of several athletes in one process, from one seed: `python -m strava_assets_tests.simulation`.

`steps` draws what happens, `world` is the athletes on their sandboxes, `home` is the platform, `contract`
says what must be in the table, `run` lets the steps happen and compares, and `shrink` makes a failing list of
steps short.
"""
