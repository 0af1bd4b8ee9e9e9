package main

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the child that runs a query, and the whole
// program where a test needs other processes.
func TestMain(m *testing.M) {
	if code, handled := runChild(); handled {
		os.Exit(code)
	}
	if os.Getenv("PLAINT_TEST_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}
