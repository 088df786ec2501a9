"""When it happens: command line, settings, scheduler, store and daemon."""
