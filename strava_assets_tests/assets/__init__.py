"""The graph, run as a person runs it."""
