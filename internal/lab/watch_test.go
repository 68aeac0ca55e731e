package lab_test

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// TestALabLivesWithoutInotify: the instances of a user are shared with an editor,
// and with all who learn under one account.
func TestALabLivesWithoutInotify(t *testing.T) {
	for {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err == unix.EMFILE {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
	}
	l, err := lab.New(context.Background(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for len(l.Changes()) > 0 {
		<-l.Changes()
	}
	if err := l.AddNetns("late"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-l.Changes():
	case <-time.After(5 * time.Second):
		t.Error("nobody noticed the new namespace")
	}
}

// TestALabLivesBesideOtherDevices: tunl0 and sit0 are in every new namespace of a
// machine that has their modules loaded, with the next indices.
func TestALabLivesBesideOtherDevices(t *testing.T) {
	l, err := lab.New(context.Background(), lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	host, err := l.NS(lab.Host)
	if err != nil {
		t.Fatal(err)
	}
	inet, err := l.NS(lab.Inet)
	if err != nil {
		t.Fatal(err)
	}
	lab.CheckFreeIndex(t, host, inet)
}
