"""Our statistics beside the field's libraries on the same data: `make references`, which writes its page in docs.

The libraries conflict with what the project runs on and with one another's newest, so they live in `.venv-references`.
"""
