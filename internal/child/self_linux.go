package child

import (
	"os"
	"strconv"
	"syscall"
)

// self is the program's file, even when another version of it has taken its
// place since.
func self() (string, error) {
	const path = "/proc/self/exe"
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	return os.Executable()
}

// dieWithParent has the kernel kill the child when the thread that started it
// ends: with the process, since nothing here locks a goroutine to a thread.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// closeInherited closes what the parent inherited itself and so passed on: every
// file beyond the standard ones that is not marked to be closed by exec, as all
// of this process's own are.
func closeInherited() {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, f := range files {
		fd, err := strconv.Atoi(f.Name())
		if err != nil || fd <= 2 {
			continue
		}
		flags, _, no := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		if no == 0 && flags&syscall.FD_CLOEXEC == 0 {
			_ = syscall.Close(fd)
		}
	}
}
