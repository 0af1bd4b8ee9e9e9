package main

import (
	"os"
	"testing"
)

// TestMain lets the test binary be the children that it starts, and the whole
// program where a test needs other processes.
func TestMain(m *testing.M) {
	mainOfChild()
	if os.Getenv("PLAINT_TEST_PROGRAM") != "" {
		main()
	}
	os.Exit(m.Run())
}
