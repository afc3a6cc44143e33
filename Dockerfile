# syntax=docker/dockerfile:1
# One image for both ways to run: `sync` once and end, or the processes of deploy/server/compose.yaml.
# It holds no secret and no data.
ARG PYTHON=3.11.14-slim-bookworm

# Nothing of the building stays: no pip cache, no compiler.
FROM python:${PYTHON} AS build
# Whose clients it gets, as extras: gcp, aws or azure. A server needs `server` as well.
ARG EXTRAS=gcp,server
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /opt/strava_assets
# For Kubernetes: --build-arg EXTRAS=gcp,server,kubernetes
ARG EXTRAS=gcp,server
# What rarely changes first, so that a change of the code reuses the layer of its dependencies.
COPY pyproject.toml setup.cfg constraints.txt README.md LICENSE ./
COPY strava_assets/__init__.py strava_assets/__init__.py
# 154 MB that nothing here reads: the descriptions of all of Google's services, and the tests of pandas and pyarrow.
RUN pip install --constraint constraints.txt --editable ".[${EXTRAS}]" \
    && rm -r /opt/venv/lib/python3.*/site-packages/googleapiclient/discovery_cache/documents \
             /opt/venv/lib/python3.*/site-packages/pandas/tests \
             /opt/venv/lib/python3.*/site-packages/pyarrow/tests
COPY strava_assets strava_assets
RUN python -m compileall -q strava_assets

FROM python:${PYTHON}
# A number, so that Kubernetes' runAsNonRoot can tell that it is not root.
RUN groupadd --gid 10001 athlete \
    && useradd --uid 10001 --gid athlete --no-create-home --home-dir /var/lib/strava-assets athlete \
    && install --directory --owner athlete --group athlete --mode 0700 /var/lib/strava-assets
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/strava_assets /opt/strava_assets
# gcsfs would ask for every bucket's kind with another client, and warn where it may not.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT=false \
    STRAVA_ASSETS_HOME=/var/lib/strava-assets
USER 10001:10001
WORKDIR /var/lib/strava-assets
ENTRYPOINT ["strava-assets"]
CMD ["sync"]
