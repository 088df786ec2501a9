"""The demo city: a county-level city's networks in namespaces of one machine, and the truth about them.

Demo data. The agencies bear the names such agencies bear; hosts, addresses and faults are invented.
"""
