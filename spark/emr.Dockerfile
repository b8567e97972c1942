# The scorer for EMR Serverless, on EMR's own base image of the application's release, which brings Java, Spark and a
# user `hadoop`. docs/how-to/run-on-emr-and-sagemaker.md says how it is built, and what of it was tried.
ARG EMR_IMAGE
FROM ${EMR_IMAGE}
# hadolint ignore=DL3066
USER root

# PySpark is the base's own: spark-submit puts it first on the path.
COPY requirements/spark.txt /requirements/
RUN python3.13 -m venv --clear /opt/venv \
    && sed '/^pyspark==/,/[^\\]$/d' /requirements/spark.txt >/requirements/emr.txt \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes -r /requirements/emr.txt

COPY src /opt/fraudstream/src
COPY certificates /opt/fraudstream/certificates
COPY spark /opt/fraudstream/spark
ENV PYTHONPATH=/opt/fraudstream/src \
    NUMBA_CACHE_DIR=/opt/fraudstream/kernel

# Logging in to MSK by IAM, and S3A with the modules of the AWS SDK that it asks for, as `make setup` fetched and checked
# them: --build-context jars=FOLDER. EMR_JARS names those that the base lacks.
# hadolint ignore=DL3022
COPY --from=jars *.jar /opt/jars/

RUN /opt/venv/bin/python -c "from fraudstream.scoring.warm_up import compile_everything as run; run()" \
    && chown -R hadoop:hadoop /opt/fraudstream
# EMR's own user, known by its name alone.
# hadolint ignore=DL3066
USER hadoop:hadoop
