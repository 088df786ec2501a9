"""The SYN engine: half-open scanning of many ports of many addresses, stateless on the wire, alike in both families.

What is asked of a port rides in the sequence number of the one SYN sent to it, keyed so that nobody can make up an
answer; numpy builds, sums and reads packets by the batch. Only the packet process imports this.
"""

# What numpy would load when it is first needed, when there may be no descriptor left to load it by.
import numpy.ma  # noqa: F401
