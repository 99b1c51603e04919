"""The HTTP surface: the proxy, the admin API, the dashboard."""
