"""A made-up company to run against: a CRM, a help desk, a web site, order files and a mail box, served on loopback.

It imports nothing of the product, so that what it says is true does not depend on what is under test.
"""
