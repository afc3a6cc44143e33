"""What BI tools read: models, formulas, charts and queries over the published marts.

Everything is made from the mart catalog, so that a column, its meaning and what it is over several rows are
said once. Add a tool here, one file each; what is published, and where, does not belong here.
"""
