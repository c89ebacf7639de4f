"""The registry's cases for analysis elsewhere.

Takes from: case, cohort, mapping, spreadsheet.  Gives to: cli, screen.
"""
