"""The arithmetic of one ride's seconds: normalized power, bests, zones, critical power."""
