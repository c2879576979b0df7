"""A sample company in the vendors' own formats, with its planted truth."""
