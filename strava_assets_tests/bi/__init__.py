"""BI tools: formulas, models and dashboards, read by the vendors' own parsers where those run here."""
