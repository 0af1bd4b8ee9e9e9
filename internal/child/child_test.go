package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be its own children.
func TestMain(m *testing.M) {
	Main("__say", func(args []string) error {
		fmt.Println(strings.Join(args, " "), len(os.Environ()), openFiles())
		return errors.New("said")
	})
	Main("__wait", func([]string) error {
		fmt.Println("waiting")
		_, err := io.Copy(io.Discard, os.Stdin)
		return err
	})
	Main("__eat", func([]string) error {
		Limits{Memory: 256 << 20, CPU: time.Minute}.Set()
		fmt.Println(len(make([]byte, 64<<20)))
		if f, err := os.CreateTemp("", "*"); err == nil {
			defer os.Remove(f.Name())
			if _, err := f.WriteString("x"); err == nil {
				fmt.Println("a file was written")
			}
		}
		fmt.Println(len(make([]byte, 4<<30)))
		return nil
	})
	Main("__spin", func([]string) error {
		Limits{Memory: 256 << 20, CPU: time.Second}.Set()
		for {
			_ = time.Now()
		}
	})
	os.Exit(m.Run())
}

// openFiles are the files that this process has inherited.
func openFiles() (n int) {
	for fd := range 256 {
		flags, _, no := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_GETFD, 0)
		if no == 0 && flags&syscall.FD_CLOEXEC == 0 {
			n++
		}
	}
	return n
}

func run(t *testing.T, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd, err := Command(t.Context(), name, args...)
	if err != nil {
		t.Fatal(err)
	}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.ExtraFiles = []*os.File{os.Stdin} // as one that was inherited
	err = cmd.Run()
	return out.String(), said.String(), err
}

func TestAChildGetsWhatItIsTold(t *testing.T) {
	out, said, err := run(t, "__say", "a", "b c")
	var exit *exec.ExitError
	if out != "a b c 0 3\n" || said != "said\n" || !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%q, %q, %v", out, said, err)
	}
	if _, err := Command(t.Context(), "__nobody"); err == nil {
		t.Error("a child that main does not know was started")
	}
}

func TestAChildIsBounded(t *testing.T) {
	out, said, err := run(t, "__eat")
	if out != "67108864\n" || err == nil || said == "" {
		t.Errorf("%q, %.100q, %v", out, said, err)
	}
	start := time.Now()
	if _, _, err := run(t, "__spin"); err == nil || err.Error() != "signal: killed" || time.Since(start) < time.Second/2 {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

// TestAChildEndsWithItsContext, and not with the signals that a terminal sends.
func TestAChildEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd, err := Command(ctx, "__wait")
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("waiting\n"))); err != nil {
		t.Fatal(err)
	}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := in.Write(make([]byte, 1<<20)); err != nil { // it takes all of it: it lives
		t.Error(err)
	}
	cancel()
	if err := cmd.Wait(); !errors.Is(err, context.Canceled) && (err == nil || err.Error() != "signal: killed") {
		t.Error(err)
	}
}
