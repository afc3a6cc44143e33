"""How the project is installed, packed, put into an image and mounted by another project."""
