# Python, the lock and the package; `docker run ... iop-outcomes run STUDY` is the command. docs/ci.md says how.
FROM python:3.11-slim
# Git tells which commit made a result; nothing else of it is needed.
RUN apt-get update && apt-get install --yes --no-install-recommends git && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/iop-outcomes
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation .
ENV OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1 PYTHONHASHSEED=0 TZ=UTC MPLBACKEND=Agg
# Results are written where the study is mounted, by whoever runs the container.
WORKDIR /study
ENTRYPOINT ["iop-outcomes"]
