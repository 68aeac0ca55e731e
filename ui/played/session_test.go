package played_test

import (
	"context"
	"testing"
	"time"

	"nstutor/chapters"
	"nstutor/internal/lab"
	"nstutor/internal/session"
	"nstutor/steps"
)

// Whoever runs the session's work and hands the messages back plays the course:
// it takes no terminal and no Bubble Tea.
func TestTheCourseIsPlayedWithoutAScreen(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l, err := lab.New(ctx, lab.Options{Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	msgs := make(chan any)
	send := func(msg any) {
		select {
		case msgs <- msg:
		case <-ctx.Done():
		}
	}
	do := func(work session.Work) {
		for _, task := range work {
			go func() {
				if msg := task(); msg != nil {
					send(msg)
				}
			}()
		}
	}
	memory := newMemory()
	s := session.New(chapters.All(), "en", "2.6")
	s.Connect(ctx, steps.NewPlayer(l, s.Course), memory, send)
	defer func() {
		cancel()
		s.Save()
		s.Rest()
		l.Close()
	}()
	until := func(what string, holds func() bool) {
		t.Helper()
		late := time.After(15 * time.Second)
		for !holds() {
			select {
			case msg := <-msgs:
				do(s.Take(msg))
			case <-late:
				t.Fatalf("never %s: phase %v, error %v", what, s.Scene.Phase, s.Scene.Err)
			}
		}
	}
	routes := func() int {
		snap := s.Network.Snapshot("ns1")
		if snap == nil {
			return 0
		}
		return len(snap.MainRoutes(4))
	}

	do(s.Open())
	until("at the step", func() bool { return s.Scene.Step.ID == "2.6" && s.Working == 0 && routes() == 1 })
	until("pinging", func() bool { return s.Network.Log.Settled })
	for s.Scene.Opening() || s.Scene.Asks() || s.Scene.Hidden() {
		do(s.Stage.GoOn())
	}
	do(s.Stage.GoOn())
	until("done", func() bool { return s.Scene.Phase == session.PhaseAfter && s.Scene.Report != nil && routes() == 2 })
	if !s.Scene.Report.OK() {
		t.Errorf("the promise is not kept: %+v", s.Scene.Report.Lines)
	}
	do(s.Stage.GoBack())
	until("undone", func() bool { return s.Scene.Phase == session.PhaseLook && routes() == 1 })
	if !memory.Done("2.6") {
		t.Error("it is not remembered")
	}
}
