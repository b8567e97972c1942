# The project's images: `app` (every small service), `spark` (master, worker, scorer) and `ml` (MLflow, trainer).
# They share the layers of `packages`; source comes last, so that a change of it builds in seconds.
# Everything is pinned by hash in requirements/ and jars.lock. The alert function has its own file.

FROM python:3.13-slim AS tools
COPY requirements/bootstrap.txt /requirements/
RUN python -m venv /opt/tools \
    && /opt/tools/bin/pip install --no-cache-dir --require-hashes -r /requirements/bootstrap.txt

FROM python:3.13-slim AS packages
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/fraudstream/src \
    PYTHONUNBUFFERED=1 \
    UV_CACHE_DIR=/var/cache/uv \
    UV_LINK_MODE=copy \
    UV_SYSTEM_CERTS=true \
    UV_HTTP_TIMEOUT=180
COPY requirements/app.txt /requirements/
RUN --mount=from=tools,source=/opt/tools,target=/opt/tools --mount=type=cache,target=/var/cache/uv \
    python -m venv --without-pip /opt/venv \
    && /opt/tools/bin/uv pip install --python /opt/venv --compile-bytecode --require-hashes -r /requirements/app.txt
RUN useradd --uid 10001 --create-home fraudstream \
    && install -d -o fraudstream /secrets /var/lib/fraudstream

# The kernel is compiled here, once, and not at the first payment.
FROM packages AS source
COPY src /opt/fraudstream/src
COPY db /opt/fraudstream/db
COPY services /opt/fraudstream/services
COPY certificates /opt/fraudstream/certificates
ENV NUMBA_CACHE_DIR=/opt/fraudstream/kernel
RUN python -m compileall -q /opt/fraudstream/src && python -c "from fraudstream.scoring.warm_up import compile_everything as run; run()"

FROM packages AS app
# Where the root file system is read-only, on Fargate, a volume at /tmp has the rights that this one declares.
VOLUME /tmp
COPY --from=source --chown=10001 /opt/fraudstream /opt/fraudstream
ENV NUMBA_CACHE_DIR=/opt/fraudstream/kernel
WORKDIR /opt/fraudstream
USER 10001
ENTRYPOINT ["python", "-m", "fraudstream"]
CMD ["--help"]

FROM packages AS ml-packages
COPY requirements/ml.txt /requirements/
RUN --mount=from=tools,source=/opt/tools,target=/opt/tools --mount=type=cache,target=/var/cache/uv \
    /opt/tools/bin/uv pip install --python /opt/venv --compile-bytecode --require-hashes -r /requirements/ml.txt

FROM ml-packages AS ml
COPY --from=source --chown=10001 /opt/fraudstream /opt/fraudstream
COPY ml /opt/fraudstream/ml
ENV NUMBA_CACHE_DIR=/opt/fraudstream/kernel
WORKDIR /opt/fraudstream
USER 10001
ENTRYPOINT ["python", "-m", "fraudstream"]
CMD ["train", "--help"]

FROM packages AS spark-packages
# Debian keeps no superseded versions, so the base image decides which one this is.
# hadolint ignore=DL3008
RUN mkdir -p /usr/share/man/man1 \
    && apt-get update \
    && apt-get install --yes --no-install-recommends openjdk-21-jre-headless \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/spark.txt /requirements/
RUN --mount=from=tools,source=/opt/tools,target=/opt/tools --mount=type=cache,target=/var/cache/uv \
    PYTHONPATH=/opt/tools/lib/python3.13/site-packages /opt/tools/bin/uv pip install --python /opt/venv \
    --compile-bytecode --no-build-isolation --require-hashes -r /requirements/spark.txt

FROM spark-packages AS jars
ARG MAVEN_REPOSITORY_URL=""
COPY src/fraudstream/__init__.py src/fraudstream/bounds.py src/fraudstream/connections.py \
    src/fraudstream/environment.py src/fraudstream/errors.py src/fraudstream/scoring_settings.py \
    src/fraudstream/service_settings.py src/fraudstream/settings.py \
    /opt/fraudstream/src/fraudstream/
COPY src/fraudstream/local/__init__.py src/fraudstream/local/jars.py src/fraudstream/local/jars.lock \
    src/fraudstream/local/ivy.py src/fraudstream/local/java.py /opt/fraudstream/src/fraudstream/local/
RUN FRAUDSTREAM_CACHE=/tmp/cache MAVEN_REPOSITORY_URL=$MAVEN_REPOSITORY_URL python -c \
    "from fraudstream.local.jars import SPARK, JarCache; from fraudstream.settings import LocalSettings as S; JarCache.of(S.load()).ensure(SPARK)" \
    && mkdir /opt/jars && cp /tmp/cache/jars/spark-*/*.jar /opt/jars/

FROM spark-packages AS spark
COPY --from=jars /opt/jars /opt/jars
COPY --from=source --chown=10001 /opt/fraudstream /opt/fraudstream
COPY spark /opt/fraudstream/spark
ENV NUMBA_CACHE_DIR=/opt/fraudstream/kernel \
    SPARK_HOME=/opt/venv/lib/python3.13/site-packages/pyspark \
    SPARK_JARS_DIR=/opt/jars \
    PYSPARK_PYTHON=/opt/venv/bin/python
WORKDIR /opt/fraudstream
USER 10001
ENTRYPOINT ["python", "-m", "fraudstream"]
CMD ["score", "--help"]
