# Builds with any Docker from 20.10 on, with and without BuildKit, and with podman.
ARG BASE_IMAGE=python:3.13-slim

FROM ${BASE_IMAGE} AS build
# One seed, or sets in byte-code come in another order each time.
ENV PYTHONHASHSEED=0 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/build.txt requirements/
RUN python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt
COPY requirements/image.txt requirements/
RUN python -m venv --without-pip /opt/venv \
    && /opt/build/bin/python -m pip --python /opt/venv/bin/python install \
        --no-compile --require-hashes --only-binary :all: -r requirements/image.txt
COPY pyproject.toml README.md LICENSE ./
COPY generator generator
COPY backends backends
COPY image image
COPY scripts scripts
# The time that everything made here carries; a commit's own makes builds comparable.
ARG SOURCE_DATE_EPOCH=0
RUN SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH} /opt/build/bin/python -m pip wheel \
        --no-deps --no-build-isolation --wheel-dir /dist . \
    && /opt/build/bin/python -m pip --python /opt/venv/bin/python install \
        --no-compile --no-deps --no-index /dist/*.whl \
    && python image/slim.py "$(/opt/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" \
    && /opt/venv/bin/python -m compileall -q -f --invalidation-mode unchecked-hash /opt/venv/lib \
    && find /opt/venv -exec touch --no-dereference --date "@${SOURCE_DATE_EPOCH}" {} +

FROM ${BASE_IMAGE} AS runtime
# The standard library comes without byte-code; a read-only container compiles it at each start.
# What no run imports stays as it is.
RUN PYTHONHASHSEED=0 python -m compileall -q -f --invalidation-mode unchecked-hash \
        -x '/(site-packages|dist-packages|test|idlelib|lib2to3|pydoc_data|tkinter|turtledemo|ensurepip)/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
COPY --from=build /opt/venv /opt/venv
ARG VERSION=dev
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="dockercfg-generator" \
      org.opencontainers.image.description="One Docker config for all registries of a CI pipeline, from any secret store" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
# -I: neither the checkout that is mounted nor PYTHON* variables of a job can change what runs.
ENTRYPOINT ["/opt/venv/bin/python", "-I", "/opt/venv/bin/dockercfg-generator"]
CMD []

# For hosts that allow no root: the folder that is mounted must let this uid write.
FROM runtime AS nonroot
USER 65532:65532

# The last stage is what `docker build .` gives: root, for the contract's volume belongs to root.
FROM runtime AS default
