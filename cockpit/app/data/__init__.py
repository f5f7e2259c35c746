"""The archive's commands, and the one door through which market history is read (``service.DataService``)."""
