"""What was planted in the sample company beside what its marts hold: tests look at one company, `bench.truth` at many.

Two registers. `EXACT`: the same keyed facts twice, as planted and as found; whatever is arithmetic must be equal.
`ESTIMATES`: planted numbers, each with the 95 % interval that the marts give for it; one in twenty may miss.

A module a domain; each enters its comparisons in the registers.
"""

from tests.integration.planted import (  # noqa: F401
    adoption,
    costs,
    deployments,
    drift,
    experiments,
    feedback,
    finance,
    incidents,
    quality,
    serving,
)
