"""Documents and people as spreadsheets: what a cell says, which columns there are, and how a sheet becomes a draft or
a plan. How CSV is read and written: ``connector/sheet.py``."""
