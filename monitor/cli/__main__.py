"""`python -m monitor.cli` is `diaolou`."""

from monitor.cli import main

main()
