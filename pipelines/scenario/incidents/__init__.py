"""The sample company's incidents, as PagerDuty and Jira export them."""
