"""Read models: rows for whoever asks from outside. Nothing here writes to the mirror or to a portal."""
