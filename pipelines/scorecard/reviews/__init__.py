"""The written reviews: weekly, monthly, quarterly, and of a launched model.

`queries` says what is read from the published marts, `sections` what is written of it, `document` what a review is made
of, `render` how it becomes a page and Markdown. No KPI is computed here.
"""
