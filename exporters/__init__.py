"""What we tell: metrics, reports, dashboards. Values in, text or bytes out."""
