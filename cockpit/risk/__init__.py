"""Opinions about danger: rules trim wishes, stops end positions, breakers lower the posture."""
