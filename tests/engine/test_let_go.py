"""What is let go of keeps no connection open: not even one that a thread still had in its hands."""

from __future__ import annotations

import gc
import warnings

import pytest
import sqlalchemy as sa

from connector.engine.records import Place, let_go
from connector.store.engine import let_go as store_lets_go
from connector.store.engine import make_engine, normal_url
from tests import databases


@pytest.mark.parametrize("kind", databases.KINDS)
@pytest.mark.parametrize("whose", ["store", "library"])
def test_a_connection_that_comes_back_late_is_closed(kind, whose):
    url = databases.fresh_url(kind)
    engine = make_engine(normal_url(url)) if whose == "store" else Place.of(url).engine()
    late = engine.connect()
    late.execute(sa.select(1))
    raw = late.connection.dbapi_connection
    (store_lets_go if whose == "store" else let_go)(engine)
    late.close()
    if kind == "postgresql":
        assert raw.closed
    else:
        with pytest.raises(Exception, match="closed"):
            raw.execute("select 1")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del late, raw, engine
        gc.collect()
    databases.drop(url)
