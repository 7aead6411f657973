"""What a token may allow, by operation.  Source: ASTM F3548-21, utm.yaml; each set is one way to be allowed."""

from typing import Final

from skyparley.utm.requests import (
    AVAILABILITY_ARBITRATION,
    CONFORMANCE_MONITORING,
    CONSTRAINT_MANAGEMENT,
    CONSTRAINT_PROCESSING,
    STRATEGIC_COORDINATION,
)

INTENTS: Final = (STRATEGIC_COORDINATION, CONFORMANCE_MONITORING)
CONSTRAINTS_READ: Final = (CONSTRAINT_MANAGEMENT, CONSTRAINT_PROCESSING)
CONSTRAINTS_WRITE: Final = (CONSTRAINT_MANAGEMENT,)
SUBSCRIPTIONS: Final = (CONSTRAINT_PROCESSING, STRATEGIC_COORDINATION)
AVAILABILITY_READ: Final = (AVAILABILITY_ARBITRATION, STRATEGIC_COORDINATION, CONFORMANCE_MONITORING)
AVAILABILITY_WRITE: Final = (AVAILABILITY_ARBITRATION,)
REPORTS: Final = (
    CONSTRAINT_MANAGEMENT,
    CONSTRAINT_PROCESSING,
    STRATEGIC_COORDINATION,
    CONFORMANCE_MONITORING,
    AVAILABILITY_ARBITRATION,
)

# --- beside the standard, as deployed systems have them ----------------------------------------------------------

VERSIONS: Final = ("interuss.versioning.read_system_versions",)
POOL_READ: Final = ("interuss.pool_status.read",)
POOL_HEARTBEAT: Final = ("interuss.pool_status.heartbeat.write",)
REMOTE_ID: Final = (
    "dss.read.identification_service_areas",
    "dss.write.identification_service_areas",
    "rid.service_provider",
    "rid.display_provider",
)

EVERY: Final = (*REPORTS, *VERSIONS, *POOL_READ, *POOL_HEARTBEAT, *REMOTE_ID)
