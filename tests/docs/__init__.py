"""What the README promises."""
