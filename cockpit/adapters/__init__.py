"""The outside: the only sockets, files and clocks."""
