"""The processes of ``leadwright serve``: web, worker, clock, and the tree that keeps them alive. Not their work."""
