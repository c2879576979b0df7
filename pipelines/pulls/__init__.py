"""Pulls: fetch a vendor's pages by its API and write them, as they came, into the landing folder.

From there the source's reader takes them like any export. `connectors/` has one module per vendor, `spec` says what a
connector is, `client` speaks HTTP, `files` and `state` keep what was fetched, `run` drives them.
"""
