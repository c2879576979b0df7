"""Telling people: alerts and failed runs, to Slack, a webhook, by mail, to PagerDuty. docs/alerts.md says when.

A module per channel turns notices into its messages and knows nothing of what was told before. `outbox` keeps that,
`alerts` and `failures` say what is to be told, `delivery` tells it. Nothing here decides what an alert is: dbt does.
"""
