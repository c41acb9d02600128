"""What each command does: read the options, call the service once, show what it gives. No rules, no SQL, no HTTP."""
