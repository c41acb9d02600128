# Built from the lock file alone: the same versions as `make run`, each checked by its hash.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/leadwright
COPY requirements.lock ./
RUN /opt/leadwright/bin/pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY connector ./connector
COPY webhooks ./webhooks
COPY config ./config
COPY mappings ./mappings
# hatchling comes from the lock file too, so nothing else is fetched.
RUN /opt/leadwright/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim
# Safe path: a file named like a module in the working folder must not be imported.
ENV PATH=/opt/leadwright/bin:$PATH \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    LEADWRIGHT_DATABASE_URL=sqlite:////data/leadwright.db \
    LEADWRIGHT_LOG_FORMAT=json
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin leadwright \
    && install -d -o leadwright -g leadwright -m 0700 /data
COPY --from=build /opt/leadwright /opt/leadwright
USER leadwright
WORKDIR /data
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Ready: database writable and at its revision, key there, leader seen. Python is in the image anyway; curl is not.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/readyz', timeout=8)"]
ENTRYPOINT ["leadwright"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
