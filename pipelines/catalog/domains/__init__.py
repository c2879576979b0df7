"""The domains of the catalog, one module each: types, constraints between entries, and tables.

`check` yields what is wrong between entries, `TABLES` are what SQL sees. A new domain is a module, named in `check` and
`tables`, and a field of what holds it: `members`, `company`, or a kind of file of its own (`load`).
"""
