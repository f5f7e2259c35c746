"""What can start a job besides the clock (OP-01), one file each: functions of ``core.triggers.Facts``."""
