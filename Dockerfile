# The platform's four images: --target backend, frontend, operator or provisioner.
#
# The base images are arguments, so that the same file builds where no registry can be reached
# (local/appinstance_local/platform/app_images.py passes a Debian base of our own making). No BuildKit
# feature is used, because Debian's engine builds it too.
ARG BASE_IMAGE=python:3.13-slim-bookworm
ARG FRONTEND_BASE_IMAGE=debian:bookworm-slim

FROM ${BASE_IMAGE} AS build
ARG UV_VERSION=0.13.9
# The system's CA bundle, so that a build behind a private CA works; bytecode now, because the
# root file system is read-only later.
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/venv \
    UV_PYTHON_DOWNLOADS=never
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --quiet "uv==${UV_VERSION}"
WORKDIR /src
COPY pyproject.toml uv.lock ./
COPY app/pyproject.toml app/
COPY operator/pyproject.toml operator/README.md operator/
COPY local/pyproject.toml local/

FROM build AS backend-build
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-install-workspace --package appinstance-app
COPY app/appinstance_app app/appinstance_app
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-editable --package appinstance-app

FROM build AS operator-build
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-install-workspace --package appinstance-operator --extra operator
COPY operator/appinstance_operator operator/appinstance_operator
COPY operator/appinstance_provisioner operator/appinstance_provisioner
# One distribution, two programs: the operator's image has the one alone.
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-editable --package appinstance-operator --extra operator \
    && rm -rf /opt/venv/lib/python3.*/site-packages/appinstance_provisioner /opt/venv/bin/appinstance-provisioner

FROM ${BASE_IMAGE} AS backend
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=backend-build /opt/venv /opt/venv
USER 10001:10001
EXPOSE 8000 9090
ENTRYPOINT ["appinstance-app"]
CMD ["serve"]

FROM ${BASE_IMAGE} AS operator
# One heap for all threads, and no store of freed blocks for each: of what glibc keeps for thirty
# threads, most would lie idle (docs/adr/0020).
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
ENV MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.malloc.tcache_count=0
COPY --from=operator-build /opt/venv /opt/venv
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["appinstance"]

FROM build AS provisioner-build
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-install-workspace --package appinstance-operator --extra provisioner
COPY operator/appinstance_operator operator/appinstance_operator
COPY operator/appinstance_provisioner operator/appinstance_provisioner
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-editable --package appinstance-operator --extra provisioner

# Makes, rotates and removes databases (docs/adr/0034). The operator's image has none of its tools.
FROM ${BASE_IMAGE} AS provisioner
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends mariadb-client \
    && rm -rf /var/lib/apt/lists/* /var/log/*
ENV PATH=/opt/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=provisioner-build /opt/venv /opt/venv
USER 10001:10001
ENTRYPOINT ["appinstance-provisioner"]

FROM ${FRONTEND_BASE_IMAGE} AS frontend
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends nginx-light \
    && rm -rf /var/lib/apt/lists/* /var/log/* /etc/nginx/sites-enabled
COPY app/frontend/nginx.conf /etc/appinstance/nginx.conf
COPY app/frontend/serve.sh /usr/local/bin/serve-page
COPY app/frontend/site /usr/share/appinstance/site
USER 10001:10001
EXPOSE 8080 9090
STOPSIGNAL SIGQUIT
ENTRYPOINT ["serve-page", "-c", "/etc/appinstance/nginx.conf"]
