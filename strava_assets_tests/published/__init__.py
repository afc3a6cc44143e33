"""Published tables: one contract for every form and place, the assets, and other readers."""
