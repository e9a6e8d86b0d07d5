package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/coopconnexion/relais/bot/control"
)

// askRunning gives the operation to the process that holds the store. done is
// false when nobody does.
func askRunning(ctx context.Context, dir string, op operation) (done bool, err error) {
	done, err = control.Ask(ctx, filepath.Join(dir, control.Name), control.Command{Name: op.name, Args: op.args, In: op.in, Out: op.out})
	var f *control.Failure
	if errors.As(err, &f) {
		if f.Code == exitOK {
			return done, &notice{errors.New(f.Text)}
		}
		return done, withCode(f.Code, errors.New(f.Text))
	}
	return done, err
}

// serveControl lets the operator's commands run in this process.
func serveControl(ctx context.Context, a *app, dir string) error {
	return control.Serve(ctx, filepath.Join(dir, control.Name), func(ctx context.Context, c control.Command) (int, error) {
		err := a.operate(ctx, c.Name, c.Args, c.In, c.Out)
		var n *notice
		switch {
		case err == nil:
			return exitOK, nil
		case errors.As(err, &n):
			return exitOK, n
		}
		return codeOf(err), err
	})
}
