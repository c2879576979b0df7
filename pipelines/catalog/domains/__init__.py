"""What a catalog may say, a module a domain: its types, what must hold between its entries, and its tables.

`check` yields what is wrong between entries, `TABLES` are what SQL sees. A new domain is a module, named in `check` and
`tables`, and a field of what holds it: `members`, `company`, or a kind of file of its own (`load`).
"""
