"""Power metrics of one ride's seconds: normalized power, bests, zones, critical power, W' balance.

Add here functions from arrays to numbers. Reading samples and storing results belongs in `history`. The entry
point is `measure.measure`; this module imports nothing heavy, so that the version can be read cheaply.
"""

METHOD = "3"
"""The version of all calculations in this package. When it changes, every ride is computed again."""
