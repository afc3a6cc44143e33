"""The bulk export: reading the zip, its tables in any language, and its FIT, GPX and TCX files."""
