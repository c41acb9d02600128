"""The one collection that all tables of the main database are in. Nothing else."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()
