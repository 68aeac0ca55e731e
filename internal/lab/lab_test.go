package lab_test

import (
	"context"
	"testing"
	"time"

	"nstutor/internal/lab"
)

func TestSmoke(t *testing.T) {
	start := time.Now()
	l, err := lab.New(context.Background(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log("new", time.Since(start))
	for range 5 {
		start = time.Now()
		if err := l.Reset(context.Background()); err != nil {
			t.Fatal(err)
		}
		t.Log("reset", time.Since(start), l.Names())
	}
	cmd, err := l.Command(context.Background(), "host", "sh", "-c", "ip a; ip r; ping -c1 203.0.113.10; ls /proc | head -3; ip netns")
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	t.Logf("%s %v", out, err)
	l.Close()
}
