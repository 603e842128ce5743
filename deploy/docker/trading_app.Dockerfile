# syntax=docker/dockerfile:1
# The trading application of examples/, for compose.yaml. From the root of the repository:
#   docker build -f deploy/docker/trading_app.Dockerfile -t trading-app .
FROM python:3.12-slim-bookworm
WORKDIR /application
COPY examples/trading_app/requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt
COPY examples/trading_app/*.py ./
RUN useradd --uid 65532 --create-home app && mkdir /data && chown app: /data
USER 65532:65532
ENV APP_DATA_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
STOPSIGNAL SIGTERM
CMD ["opentelemetry-instrument", "python", "main.py"]
