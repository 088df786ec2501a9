"""Fuzzing: every parser of our own is fed what nobody should send, and must end in a word of its own."""
