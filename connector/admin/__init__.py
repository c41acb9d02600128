"""The pages: what people see and do in a browser. Views read through ``reports`` and act through ``service``.

``frame`` holds what a view is given, ``doors`` who may come in, ``pages`` the blueprint made of all areas. One module
for each area (``portals``, ``contacts``, ``mapping`` …) with its views and its ``DOORS``; templates and styles beside.
No SQL and no rules here.
"""
