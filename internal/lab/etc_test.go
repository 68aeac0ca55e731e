package lab_test

import (
	"os"
	"testing"
)

// TestTheMachinesEtcIsSealed: the lab's /etc is links to the machine's, and nothing is
// written through them.
func TestTheMachinesEtcIsSealed(t *testing.T) {
	newLab(t)
	const made = "/run/nstutor/etc/nstutor-was-here"
	if err := os.WriteFile(made, nil, 0o600); err == nil {
		os.Remove(made)
		t.Error("a file was made in the machine's /etc")
	}
	if err := os.MkdirAll("/etc/cni/net.d", 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/run/nstutor/etc/cni/net.d"); err == nil {
		if in, err := os.Readlink("/etc/cni"); err == nil {
			t.Errorf("/etc/cni leads to %s", in)
		}
	}
}
