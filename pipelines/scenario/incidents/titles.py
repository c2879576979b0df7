"""What people write above an incident in the sample company. When incidents happen is in `plan`."""

from __future__ import annotations

from typing import Final

TITLES: Final = {
    "recommender": (
        "Ranking service times out behind the edge cache",
        "Home page shows bestsellers to everybody: user vectors missing",
        "Candidate index two days old",
        "p95 above 300 ms after the catalogue import",
        "Sold-out items recommended in the basket",
        "Feature store lag: clicks arrive 40 minutes late",
        "Recommendations empty in the Austrian shop",
        "Pods restart: out of memory while loading embeddings",
    ),
    "fraud-detector": (
        "Feature store lag: risk scores default to 0.5",
        "Card payments held: threshold deployed without its unit",
        "Scores missing for payments from the new terminals",
        "False alarms doubled after the merchant category change",
        "Device fingerprint service down, scores without it",
        "Queue of manual reviews above 2,000",
        "Model server refuses connections: certificate expired",
        "Velocity counters reset at midnight",
    ),
    "triage": (
        "Vital signs arrive without the pulse",
        "Night shift sees yesterday's priorities",
        "Interface to the ward system rejects messages",
        "Priority missing for patients without an insurance number",
        "Under-triage of children reported by the clinic",
        "Triage screen slow during the evening peak",
        "Duplicate patients after the record merge",
        "Model falls back to rules: scoring endpoint unreachable",
    ),
    "route-optimiser": (
        "Routes of depot 4 not planned by six o'clock",
        "Road closures of the day missing",
        "Tours exceed the drivers' hours",
        "Solver stops after 20 minutes without a plan",
        "Fuel prices of last week in use",
        "Map tiles outdated around the harbour",
        "Stops without coordinates left out",
        "Plan uses a truck that is in the workshop",
    ),
    "support-assistant": (
        "Drafts in the wrong language",
        "Assistant cites a withdrawn returns policy",
        "Knowledge base index not refreshed since Friday",
        "Answers cut off: token limit of the gateway",
        "Provider throttles requests during the sale",
        "Personal data in a draft: redaction rule missing",
        "Tickets of the app reach no assistant",
        "Drafts take 20 seconds",
    ),
    "writing-assistant": (
        "Suggestions repeat the last paragraph",
        "Editor add-in fails to sign in",
        "Provider's region unavailable",
        "Style guide of the wrong division applied",
        "Suggestions offered in protected documents",
        "Latency above 5 seconds for long documents",
        "Usage not counted after the add-in update",
        "Glossary missing from prompts",
    ),
}
"""Member → titles."""


def title(member: str, number: int) -> str:
    """The title of the member's incident with this running number."""
    known = TITLES[member]
    return known[number % len(known)]
