# The pipeline as one image, for every process of a deployment (docs/deploy.md): the command, Dagster's webserver, daemon
# and code server. It runs as an unprivileged user and writes to its home, /data, and to /tmp alone:
#   docker build --tag scorecard:0.1.0 .
#   docker run --read-only --tmpfs /tmp --volume scorecard:/data --volume ./landing:/data/landing scorecard:0.1.0
ARG PYTHON=python:3.12-slim-bookworm
FROM ${PYTHON} AS build
WORKDIR /src
COPY requirements.lock /
COPY . .
# The versions that the tests run with; what only the tests need is left out.
RUN python -m venv /opt/scorecard \
  && pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
  && /opt/scorecard/bin/pip install --no-cache-dir --constraint /requirements.lock \
    "$(echo /wheels/*.whl)[buckets,deploy,postgres,pulls]" \
  && /opt/scorecard/bin/pip uninstall --yes pip setuptools

FROM ${PYTHON}
# /opt/dagster has Dagster's settings of a deployment; it stays read-only.
RUN useradd --uid 10001 --home-dir /data --create-home scorecard && mkdir /opt/dagster
COPY --from=build /opt/scorecard /opt/scorecard
COPY deploy/dagster.yaml deploy/workspace.yaml /opt/dagster/
USER 10001
WORKDIR /data
ENV PATH=/opt/scorecard/bin:$PATH SCORECARD_HOME=/data DAGSTER_HOME=/data/dagster HOME=/data DO_NOT_TRACK=1 \
  PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
VOLUME /data
# No entry point, because Dagster's launchers and its Helm chart start containers by whole commands. No health check,
# because this command ends: compose.yaml and the chart have one for each service.
CMD ["scorecard", "run"]
