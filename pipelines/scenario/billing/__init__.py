"""The sample company's cloud bills: a module a vendor, and the charges and truth that they are written from."""
