package main

import (
	"context"
	"errors"

	"plaint/internal/store"
)

type server struct{ store *store.Store }

func (e *env) forward(context.Context) (int, error) { return exitFailed, errors.New("no server") }

func runChild() (int, bool) { return 0, false }
