package main

import "context"

func askRunning(ctx context.Context, dir string, op operation) (bool, error) { return false, nil }

func serveControl(ctx context.Context, a *app, dir string) error { <-ctx.Done(); return nil }
