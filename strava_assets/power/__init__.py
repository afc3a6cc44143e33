"""The arithmetic of one ride's seconds: normalized power, bests, zones, critical power.

Arrays go in, numbers come out; where a ride's samples come from and where its figures go is not known here.
The way in is `measure.measure`. Nothing heavy is imported before, so that the version can be told without it.
"""

METHOD = "1"
"""The version of all arithmetic in this room: with another one every ride is computed anew."""
