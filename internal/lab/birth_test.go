package lab_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// open is a lab that says whether it was born as root alone, and what would have
// let it have a user namespace.
func open([]string) {
	if !lab.Inside() {
		if _, err := lab.Enter(); err != nil {
			fmt.Println("failed:", err)
		}
		return
	}
	l, err := lab.New(context.Background(), lab.Options{})
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	defer l.Close()
	fmt.Printf("open %v: %s\n", lab.Open(), lab.Wanting())
}

func TestAnOpenLabKnowsWhatAUserNamespaceWouldTake(t *testing.T) {
	settingsWritable(t)
	const limit = "/proc/sys/user/max_user_namespaces"
	was, err := os.ReadFile(limit)
	if err == nil {
		err = os.WriteFile(limit, []byte("0"), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile(limit, was, 0)
	out, err := exec.Command("/proc/self/exe", "open").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	const want = "open true: the limit of user namespaces is 0. Raise it with `sudo sysctl user.max_user_namespaces=1000`\n"
	if string(out) != want {
		t.Errorf("it says %q, want %q", out, want)
	}
}

// TestAContainersRootIsToldTheContainersLine: no setting can be changed from
// within, and the capabilities that it has already give no user namespace.
func TestAContainersRootIsToldTheContainersLine(t *testing.T) {
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, ".dockerenv"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, failed := range []error{lab.Unborn(unix.EPERM), lab.Unfurnished(unix.EROFS), lab.Unfurnished(unix.EACCES)} {
		got := lab.UserAdvice(root, failed, dockersRoot)
		if !strings.Contains(got, "systempaths=unconfined") || !strings.Contains(got, "unmask=ALL") {
			t.Errorf("%v: it says %q", failed, got)
		}
		if strings.Contains(got, "sysctl") || strings.Contains(got, "cap-add") || strings.Contains(got, "sudo") {
			t.Errorf("%v: %q gives no user namespace there", failed, got)
		}
	}
}
