"""The secret stores, on real files and real processes."""
