"""Setting up: which systems to connect, and a first draft of the catalog from the names found there.

`system` holds a system's settings and tests its token, `config` edits `scorecard.toml`, `propose` decides which names
belong together, `drafts` writes them as catalog files. What is asked and printed is the command's, `cli.connecting`.
"""
