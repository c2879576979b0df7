"""The AI workforce as YAML: members, shared costs and the company, and the tables SQL sees of them.

Reads no data, and knows no source's tables: it says which names a source may know a member by.
"""
