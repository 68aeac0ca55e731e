package ui

import (
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

func TestPainterWritesOnlyWhatChanged(t *testing.T) {
	var out strings.Builder
	p := newPainter(&out)
	p.paint("one\ntwo\nthree")
	out.Reset()
	p.paint("one\nTWO\nthree")
	if got, want := out.String(), "\x1b[2;1H\x1b[0mTWO"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
	out.Reset()
	p.paint("one\nTWO\nthree")
	if out.Len() > 0 {
		t.Errorf("the same frame again wrote %q", out.String())
	}
}

func TestPainterStaysOutOfAForeignScreen(t *testing.T) {
	var out strings.Builder
	p := newPainter(&out)
	p.paint("one\ntwo")
	p.follow(nil, tea.SuspendMsg{})
	out.Reset()
	p.paint("three\nfour")
	if out.Len() > 0 {
		t.Errorf("a suspended painter wrote %q", out.String())
	}
	p.follow(nil, tea.ResumeMsg{})
	p.paint("one\ntwo")
	for _, line := range []string{"one", "two"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("%q is missing after the resume: %q", line, out.String())
		}
	}
}

func TestPainterShowsTheNewestFrame(t *testing.T) {
	p := newPainter(&strings.Builder{})
	p.show("old")
	p.show("new")
	if got := <-p.frames; got != "new" {
		t.Errorf("the frame to paint is %q, want the newest", got)
	}
	if p.show(""); len(p.frames) > 0 {
		t.Error("a frame of nothing is to be painted: the next one would wait for it")
	}
}
