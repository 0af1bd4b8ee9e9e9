package main

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the child that runs a query.
func TestMain(m *testing.M) {
	if code, handled := runChild(); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
