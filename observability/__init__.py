"""The dashboards of Grafana as code: what they show is named by the metrics' own objects, so it exists."""
