"""AI Workforce Scorecard: from the vendors' exports to ten KPIs per AI model."""
