"""A face: frames out, commands in."""
