"""Search methods, one file each; what a file holds is registered by importing it."""
