# Short names for the commands of this project. Each is one command, and package.json has what it does.
# `make help` lists them.

# The plugin of Docker, or the program of its own that Debian has.
COMPOSE ?= $(shell command -v docker-compose > /dev/null 2>&1 && echo docker-compose || echo docker compose)

.DEFAULT_GOAL := help
.PHONY: help install format lint typecheck check test test-unit test-integration test-cov evals demo run up down logs doctor \
	image terraform-fmt terraform-validate sbom release-dry-run

help: ## Lists these commands
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: ## Installs the packages
	npm ci

format: ## Writes every file in the project's layout
	npm run format

lint: ## Linter, import rules, words
	npm run lint

typecheck: ## Types of everything
	npm run typecheck

check: ## All that needs no run: format, lint, types, dead code, documents, workflows
	npm run check

test: ## All tests but those of the console's pages (npm run test:browser)
	npm test

test-unit: ## Tests beside the source, without another program
	npm run test:unit

test-integration: ## Whole calls, commands, Redis, the table
	npm run test:integration

test-cov: ## All tests, and which lines have run; fails below the floors
	npm run test:coverage

evals: ## Plays the prompts to callers by a language model; needs OPENAI_API_KEY
	npm run evals

demo: ## One whole call with handover, without an account
	npm run demo

run: ## Starts the gateway, with its console on port 8000
	npm start

up: ## Starts gateway, DynamoDB Local and Redis in containers
	$(COMPOSE) up -d

down: ## Stops them
	$(COMPOSE) down

logs: ## Follows the gateway's log
	$(COMPOSE) logs -f gateway

doctor: ## Asks every service that the settings name
	npm run doctor

image: ## Builds the container image tandem:local
	docker build --tag tandem:local .

terraform-fmt: ## Writes the Terraform files in their layout
	terraform -chdir=terraform fmt -recursive

terraform-validate: ## Checks and tests terraform/ offline
	npm run check:terraform

sbom: ## Prints which packages the gateway consists of, as CycloneDX
	npm run --silent sbom

release-dry-run: ## Makes what a release would publish, in dist/release
	npm run release:dry-run
