"""Customers: their records cleaned, linked, and told as one golden record with its history."""
