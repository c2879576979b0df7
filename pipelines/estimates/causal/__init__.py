"""Effects without randomisation: each function says what it assumes and shows the evidence for it beside the effect.

`panels`: units seen before and after (difference-in-differences, event study, staggered adoption). `matching`: treated
units beside similar untreated ones. `instruments`: two-stage least squares. `series`: one series and a release.
Randomised experiments and holdouts live in `pipelines.estimates.experiments`.
"""
