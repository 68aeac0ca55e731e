package lab_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"nstutor/internal/lab"
	"nstutor/internal/lab/door"
	"nstutor/internal/say"
)

// ownTmp gives the test a place for doors of its own, and says where they are.
func ownTmp(t *testing.T) (dir string) {
	t.Helper()
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	return filepath.Join(tmp, "nstutor-"+strconv.Itoa(lab.RealUID()))
}

func theDoor(t *testing.T) door.Door {
	t.Helper()
	doors, err := door.Running()
	if err != nil || len(doors) != 1 {
		t.Fatalf("doors %+v, %v; want one", doors, err)
	}
	return doors[0]
}

func TestDoorLeadsIntoTheLab(t *testing.T) {
	dir := ownTmp(t)
	atHome(t, "/bin/bash")
	if doors, err := door.Running(); err != nil || len(doors) != 0 {
		t.Errorf("before there was any: %+v, %v", doors, err)
	}
	l := newLab(t)
	if err := door.Serve(t.Context(), l, func() say.Text { return say.T("step %s", "步骤 %s", "2.7") }); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the doors: %v, %v", info, err)
	}
	entrance := theDoor(t)
	if entrance.About.String() != "step 2.7" || strings.Join(entrance.Netns, " ") != "host inet" || time.Since(entrance.Since) > time.Minute {
		t.Errorf("the lab says of itself %+v", entrance)
	}

	// Two at once; the node is where one comes in.
	one, two := newScreen(t), newScreen(t)
	atNode := one.attend(func(in, out *os.File) (int, error) { return entrance.Open(t.Context(), "", in, out) })
	atInet := two.attend(func(in, out *os.File) (int, error) { return entrance.Open(t.Context(), lab.Inet, in, out) })
	one.await("host # ")
	two.await("inet # ")
	one.keys("ls /sys/class/net; exit 1\r")
	two.keys("ls /sys/class/net; exit 2\r")
	if got := one.ended(atNode); got.exit != 1 || got.err != nil {
		t.Errorf("host: %+v", got)
	}
	if got := two.ended(atInet); got.exit != 2 || got.err != nil {
		t.Errorf("inet: %+v", got)
	}
	one.await("eth0")
	two.await("up0")

	var missing *door.NoNetnsError
	if _, err := entrance.Open(t.Context(), "ns9", one.slave, one.slave); !errors.As(err, &missing) || strings.Join(missing.Names, " ") != "host inet" {
		t.Errorf("a namespace that is not there: %v", err)
	}

	// The lab ends while somebody is in it.
	three := newScreen(t)
	ended := three.attend(func(in, out *os.File) (int, error) { return entrance.Open(t.Context(), lab.Host, in, out) })
	three.await("host # ")
	l.Close()
	if got := three.ended(ended); !errors.Is(got.err, door.ErrLabEnded) {
		t.Errorf("the lab ended: %+v", got)
	}
	if !three.cooked() {
		t.Error("the terminal stays raw")
	}
	if _, err := entrance.Open(t.Context(), lab.Host, one.slave, one.slave); !errors.Is(err, door.ErrLabEnded) {
		t.Errorf("a door that is closed: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the lab's door is left behind: %v, %v", entries, err)
	}
}

// TestDoorOfADeadLabIsRemoved: whoever looks, or opens one of their own.
func TestDoorOfADeadLabIsRemoved(t *testing.T) {
	dir := ownTmp(t)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l := newLab(t)
	for name, look := range map[string]func(){
		"Running": func() { door.Running() },
		"Serve":   func() { door.Serve(t.Context(), l, func() say.Text { return say.Text{} }) },
	} {
		path := filepath.Join(dir, "lab-dead")
		// The address has room for 107 bytes: t.TempDir may be longer.
		here, err := os.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: "/proc/self/fd/" + strconv.Itoa(int(here.Fd())) + "/lab-dead", Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		dead.SetUnlinkOnClose(false)
		dead.Close()
		here.Close()
		if _, err := os.Lstat(path); err != nil {
			t.Fatal(err)
		}
		look()
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s leaves the door of a dead lab: %v", name, err)
		}
	}
	if theDoor(t).PID <= 0 {
		t.Error("the live lab's door has no PID")
	}
}

// TestDoorStaysShutWhereOthersCouldReachIt: the lab does without.
func TestDoorStaysShutWhereOthersCouldReachIt(t *testing.T) {
	l := newLab(t)
	for name, prepare := range map[string]func(dir string) error{
		"open to others": func(dir string) error {
			if err := os.Mkdir(dir, 0o700); err != nil {
				return err
			}
			return os.Chmod(dir, 0o750)
		},
		"a link": func(dir string) error {
			if err := os.Mkdir(dir+".real", 0o700); err != nil {
				return err
			}
			return os.Symlink(dir+".real", dir)
		},
		"a file":       func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"no such disk": func(dir string) error { return os.Remove(filepath.Dir(dir)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := ownTmp(t)
			if err := prepare(dir); err != nil {
				t.Fatal(err)
			}
			err := door.Serve(t.Context(), l, func() say.Text { return say.Text{} })
			if err == nil || !strings.Contains(err.Error(), dir) {
				t.Errorf("the door opened: %v", err)
			}
			if doors, _ := door.Running(); len(doors) != 0 {
				t.Errorf("there are doors: %+v", doors)
			}
		})
	}
}
