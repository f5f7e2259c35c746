"""One file per command: ``add(parser)`` says what it takes, ``run(args)`` does it."""
