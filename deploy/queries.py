"""The few shapes of PromQL that the dashboards use. `where` are label matchers, `by` the labels that stay."""

_RANGE = "[$__rate_interval]"  # Grafana's: never shorter than two scrapes


def per_second(counter: str, where: str = "", by: str = "") -> str:
    return f"sum{_by(by)} (rate({counter}{_matching(where)}{_RANGE}))"


def growth(counter: str, where: str = "", by: str = "") -> str:
    """Over the time that is shown."""
    return f"sum{_by(by)} (increase({counter}{_matching(where)}[$__range]))"


def total(gauge: str, where: str = "", by: str = "") -> str:
    return f"sum{_by(by)} ({gauge}{_matching(where)})"


def highest(gauge: str, where: str = "", by: str = "") -> str:
    return f"max{_by(by)} ({gauge}{_matching(where)})"


def ratio(part: str, whole: str) -> str:
    return f"{part} / {whole}"


def quantile(share: float, histogram: str, where: str = "", by: str = "") -> str:
    buckets = per_second(f"{histogram}_bucket", where, f"{by}, le" if by else "le")
    return f"histogram_quantile({share}, {buckets})"


def quantiles(histogram: str, where: str) -> dict[str, str]:
    """The usual ones by their names."""
    return {f"{share:.0%}": quantile(share, histogram, where) for share in (0.5, 0.95, 0.99)}


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""


def _matching(where: str) -> str:
    return f"{{{where}}}" if where else ""
