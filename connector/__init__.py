"""Leadwright: mirror, judge, plan and write back HubSpot portals. What lives where: ``docs/rooms.md``."""
