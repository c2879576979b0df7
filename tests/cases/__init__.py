"""What the world's exports do that surprises people, a folder a case: landing files, a catalog, and what must come out.

Here: the cases, and the code that reads, builds and compares them. CONTRIBUTING.md says how to add one.
"""
