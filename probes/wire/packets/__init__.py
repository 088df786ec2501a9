"""Crafted packets: a small process that alone may send them, and the client that asks it to.

`process` runs with CAP_NET_RAW and nothing else, holds its own copy of the scope and the pace, and answers over a
Unix socket in the closed set of messages of `protocol`. The daemon holds no capability and only imports `client`.
"""
