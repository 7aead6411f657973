"""What a DSS counts for its operator, in the form of Prometheus."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from skyparley.utm.key_ring import KeyRing
from skyparley.utm.service import Dss

SECONDS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Bounds of the histogram: what a USS waits for is between one sync of a disk and its own time-out."""


class Metrics:
    """One for a DSS.  Names begin with `skyparley_dss_`; times in seconds."""

    def __init__(self, dss: Dss, ring: KeyRing) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "skyparley_dss_requests",
            "Requests answered, by operation and HTTP status.",
            ("operation", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "skyparley_dss_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ("operation",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._registry.register(_Now(dss, ring))
        # Looked up once for each operation and status: there are few, and requests are many.
        self._count = lru_cache(self._requests.labels)
        self._time = lru_cache(self._seconds.labels)

    def answered(self, operation: str, status: int, seconds: float) -> None:
        """One request."""
        self._count(operation, status).inc()
        self._time(operation).observe(seconds)

    def page(self) -> tuple[bytes, str]:
        """All of it, and its media type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class _Now:
    """What is looked up when somebody asks."""

    def __init__(self, dss: Dss, ring: KeyRing) -> None:
        self._dss = dss
        self._ring = ring

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        kept = GaugeMetricFamily("skyparley_dss_kept", "What is kept at the moment.", labels=("kind",))
        for kind, count in self._dss.sizes().items():
            kept.add_metric((kind,), count)
        yield kept
        deciding = 0 if self._dss.fault else 1
        yield GaugeMetricFamily(
            "skyparley_dss_deciding",
            "1 while it can write; 0 from a write that failed until one works or there is room again.",
            deciding,
        )
        ages = GaugeMetricFamily(
            "skyparley_dss_keys_age_seconds",
            "How long ago a source of keys was last read well; none where it never was.",
            labels=("source",),
        )
        for source in self._ring.health():
            if source.age_s is not None:
                ages.add_metric((source.name,), source.age_s)
        yield ages
