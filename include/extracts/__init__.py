"""Extracts: tables of the warehouse as .hyper files, which Tableau opens, and their way to Tableau Server or Cloud."""
