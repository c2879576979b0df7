# The pipeline as an image. It runs as an unprivileged user and writes to its home, /data, and to /tmp alone:
#   docker build --tag scorecard .
#   docker run --read-only --tmpfs /tmp --volume scorecard:/data --volume ./landing:/data/landing scorecard run
FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
COPY requirements.lock /tmp/
COPY --from=build /wheels /wheels
# The versions that the tests run with; what only the tests need is left out.
RUN pip install --no-cache-dir --constraint /tmp/requirements.lock "$(echo /wheels/*.whl)[postgres,pulls,buckets]" \
  && rm -r /wheels /tmp/requirements.lock \
  && useradd --uid 10001 --home-dir /data --create-home scorecard
USER 10001
WORKDIR /data
ENV SCORECARD_HOME=/data DAGSTER_HOME=/data/dagster HOME=/data DO_NOT_TRACK=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
ENTRYPOINT ["scorecard"]
CMD ["run"]
