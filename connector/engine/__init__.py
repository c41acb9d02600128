"""The durable executor behind a small port: who works on which portal, once, whatever dies.

A job carries a portal and a kind and nothing else; the truth is in the store's tables, so losing every job record loses
no work. Not here: what a job does (``connector.sync``) and when it is due (``connector.sync.schedule``).
"""
