# What one types most while working on nstutor; see CONTRIBUTING.md.

.PHONY: build quick check golden bench

# A static program, also where a C compiler is installed.
build:
	CGO_ENABLED=0 go build -trimpath -o nstutor .

# The tests that take less than a second or two each.
quick:
	go vet ./...
	go test -short ./...

# Everything that has to hold before a change goes in: format, vet, linter, all
# tests as root and as an ordinary user, fuzzing.
check:
	.ci/run

# Writes the golden screens anew. Review the difference like code.
golden:
	go test ./ui -run Golden -update
	git diff --stat -- ui

bench:
	go test ./... -run '^$$' -bench . -benchtime 1s
