# `make demo` and `make test` set a fresh machine up by themselves; a second run does no set-up work.
CONFIGURATION := Release
DOTNET_FLAGS := -c $(CONFIGURATION) --nologo -v quiet

.PHONY: setup build demo test test-uvm bench lint clean
.DEFAULT_GOAL := build

setup:
	@eng/setup.sh

build: setup
	@eng/build.sh $(DOTNET_FLAGS)

demo: build
	@eng/demo.sh

test: build
	@eng/test.sh $(TEST)

# All tests of container groups and the attacks on them again, each group in a virtual machine: takes half an hour without KVM.
# A few of them are in `make test`, too.
test-uvm: build
	@eng/test-uvm.sh $(TEST)

bench: build
	@eng/bench.sh $(BENCH)

lint: setup
	@eng/lint.sh

clean:
	rm -rf artifacts out bin
