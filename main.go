package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata"
)

func serveControl(ctx context.Context, a *app, dir string) error { <-ctx.Done(); return nil }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	o := demoOptions{Addr: "127.0.0.1:8080", Date: "2026-12-01T09:00", Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Out: os.Stdout}
	if err := runDemo(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
