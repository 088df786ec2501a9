"""Print a dashboard: `python -m exporters.dashboards situation > config/grafana/dashboards/situation.json`."""

import sys

from exporters.dashboards import DASHBOARDS, render

if len(sys.argv) != 2 or sys.argv[1] not in DASHBOARDS:
    sys.exit(f"usage: python -m exporters.dashboards {{{','.join(DASHBOARDS)}}}")
sys.stdout.write(render(sys.argv[1]))
