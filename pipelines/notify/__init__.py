"""Notifications of alerts and failed runs: Slack, a webhook, mail, PagerDuty. See docs/alerts.md.

One module per channel formats its messages and is stateless. `outbox` records what was sent, `alerts` and `failures`
decide what to send, `delivery` sends it. Nothing here decides what an alert is: dbt does.
"""
