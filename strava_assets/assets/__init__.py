"""The graph, one file a layer: what Strava sent, the typed table, what counts, the marts."""
