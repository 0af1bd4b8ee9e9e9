// Package child does work that may ruin its process in a process of its own:
// this program, started again, bounded by the kernel, killed when its parent
// does not need it any more.
package child

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// known are the names that this program does the work of.
var known = map[string]bool{}

// Command is this program, started again to do the work of that name; more are
// further arguments, which every user of the machine can see. It is killed when
// ctx ends or its parent dies, and sees nothing of the parent's environment.
func Command(ctx context.Context, name string, more ...string) (*exec.Cmd, error) {
	if !known[name] { // the child would be the whole program, or all tests, once more
		return nil, fmt.Errorf("start %s: the program's main does not call child.Main for it", name)
	}
	path, err := self()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	cmd := exec.CommandContext(ctx, path, append([]string{name}, more...)...)
	cmd.Args[0] = os.Args[0]
	cmd.Dir = "/"
	cmd.Env = []string{}
	cmd.SysProcAttr = dieWithParent()
	cmd.WaitDelay = time.Second
	return cmd, nil
}

// Main does the work of that name and ends the process, if it was started for
// it; in every other process it returns at once. It belongs at the start of
// main, and of TestMain. An error of the work is said on standard error.
//
// The child heeds no signal that asks: a terminal or a service manager sends
// those to the parent as well, which knows what is still wanted.
func Main(name string, work func(args []string) error) {
	known[name] = true
	if len(os.Args) < 2 || os.Args[1] != name {
		return
	}
	closeInherited()
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	if err := work(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Limits are what a child may use.
type Limits struct {
	Memory uint64        // bytes beyond those it has when it starts
	CPU    time.Duration // of processor time; more is SIGKILL
	File   uint64        // bytes of a file it writes
}

// addressSlack is address space without memory behind it, of threads and
// allocators.
const addressSlack = 4 << 30

// Set bounds this process for good. It should be the first thing a child does.
func (l Limits) Set() {
	// Where the whole machine runs out of memory, the child goes first.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	space, data := memory()
	for which, n := range map[int]uint64{
		syscall.RLIMIT_DATA:  data + l.Memory,
		syscall.RLIMIT_AS:    space + l.Memory + addressSlack,
		syscall.RLIMIT_CPU:   uint64(l.CPU.Seconds()),
		syscall.RLIMIT_FSIZE: l.File,
		syscall.RLIMIT_CORE:  0,
	} {
		// A limit that cannot be set leaves the others and the parent's clock.
		_ = syscall.Setrlimit(which, &syscall.Rlimit{Cur: n, Max: n})
	}
}

// memory is the address space and the writable memory that this process has in
// bytes: a runtime reserves much of both that it never touches, the race
// detector's terabytes. Both are 0 where the system does not say.
func memory() (space, data uint64) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, 0
	}
	fields := strings.Fields(string(text)) // pages: all, resident, shared, code, library, data and stack
	if len(fields) < 6 {
		return 0, 0
	}
	page := uint64(os.Getpagesize())
	all, err1 := strconv.ParseUint(fields[0], 10, 64)
	own, err2 := strconv.ParseUint(fields[5], 10, 64)
	if errors.Join(err1, err2) != nil {
		return 0, 0
	}
	return all * page, own * page
}
