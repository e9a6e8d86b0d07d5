package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
)

// again runs this program once more as a child, and returns its exit code.
func again(ctx context.Context, args, environ []string, out, errw io.Writer) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return exitBug, err
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environ, out, errw
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return exitOK, err
}
