//go:build !linux

package child

import (
	"os"
	"syscall"
)

func self() (string, error) { return os.Executable() }

// dieWithParent is left to the pipe here: the child ends when nobody reads.
func dieWithParent() *syscall.SysProcAttr { return nil }

func closeInherited() {}
