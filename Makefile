# Every target makes the virtual environment that it needs, so each works as the very first command.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
READY := $(VENV)/.ready
IMAGE_READY := $(VENV)/.image-ready
IMAGE := dockercfg-generator:1
# For an engine whose containers have no network of their own: DOCKER_BUILD_FLAGS=--network=host
DOCKER_BUILD = docker build $(DOCKER_BUILD_FLAGS) \
	--build-arg SOURCE_DATE_EPOCH="$$(git log -1 --format=%ct)" \
	--build-arg VERSION="$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)" \
	--build-arg REVISION="$$(git rev-parse HEAD)" \
	--build-arg CREATED="$$(git log -1 --format=%cI)"
LOCK = $(RUN)/uv pip compile --quiet --upgrade --python-version 3.13 --generate-hashes --no-header \
	--no-emit-index-url --python-platform

.PHONY: help demo test check bench bench-peers soak docs format clean image test-image check-image sbom lock
.DEFAULT_GOAL := help

help: ## show this
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

demo: ## the main job end to end, on real parts
	@# what only root can install is looked for before a minute goes into the rest
	@$(PYTHON) -m tests.demo.programs
	@$(MAKE) --no-print-directory $(READY)
	@$(RUN)/python -m tests.demo

test: $(READY) ## all tests, with branch coverage
	$(RUN)/pytest -n 2 --cov --cov-report=term

check: $(READY) ## linters, types, import rules
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports

bench: $(READY) ## benchmarks, as ratios
	@$(RUN)/python -m tests.benchmarks

bench-peers: ## install what the benchmarks compare with (as root, on Debian)
	apt-get install --yes --quiet --no-install-recommends amazon-ecr-credential-helper docker-registry skopeo
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet awscli

soak: $(READY) ## ten minutes of jobs on one cache, some of them killed
	@$(RUN)/python -m tests.soak

image: ## build the container image, as root (default) and as nonroot
	$(DOCKER_BUILD) -t $(IMAGE) .
	$(DOCKER_BUILD) -t $(IMAGE)-nonroot --target nonroot .

test-image: $(READY) ## the tests of the built image
	$(RUN)/pytest -n 2 -m image

check-image: $(IMAGE_READY) ## linter of the Dockerfile, structure of the built image
	$(RUN)/hadolint Dockerfile
	$(RUN)/container-structure-test test --image $(IMAGE) --config tests/image/structure.yaml
	$(RUN)/container-structure-test test --image $(IMAGE)-nonroot --config tests/image/structure.yaml \
		--config tests/image/structure-nonroot.yaml

sbom: $(IMAGE_READY) ## the built image's bill of materials: dist/sbom.cdx.json
	@mkdir -p dist
	SYFT_CHECK_FOR_APP_UPDATE=false $(RUN)/syft scan --quiet docker:$(IMAGE) -o cyclonedx-json=dist/sbom.cdx.json
	@$(RUN)/python -c 'import json; print(len(json.load(open("dist/sbom.cdx.json"))["components"]), "components")'

lock: $(IMAGE_READY) ## renew the image's locked dependencies
	$(LOCK) x86_64-unknown-linux-gnu requirements/build.in -o requirements/build.txt
	$(LOCK) x86_64-unknown-linux-gnu --extra all pyproject.toml -o requirements/image.txt
	@# one file serves both architectures only as long as both resolve to the same
	$(LOCK) aarch64-unknown-linux-gnu --extra all pyproject.toml | cmp - requirements/image.txt

docs: $(READY) ## renew what the documentation quotes from the code
	@$(RUN)/python -m tests.docs

format: $(READY) ## format the code
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

clean: ## remove what the targets made
	rm -rf $(VENV) .venv-bench .venv-peers dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --upgrade pip
	$(RUN)/python -m pip install --quiet --group dev --editable .
	@touch $@

$(IMAGE_READY): $(READY)
	$(RUN)/python -m pip install --quiet --group image
	@touch $@
