package lab_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"nstutor/internal/lab"
)

// usual are the capabilities that Docker gives a container's root.
var usual = []uint{
	unix.CAP_CHOWN, unix.CAP_DAC_OVERRIDE, unix.CAP_FSETID, unix.CAP_FOWNER, unix.CAP_MKNOD, unix.CAP_NET_RAW, unix.CAP_SETGID,
	unix.CAP_SETUID, unix.CAP_SETFCAP, unix.CAP_SETPCAP, unix.CAP_NET_BIND_SERVICE, unix.CAP_SYS_CHROOT, unix.CAP_KILL, unix.CAP_AUDIT_WRITE,
}

var dockersRoot = lab.AskerWith(true, false, usual...)

var quoted = regexp.MustCompile("`[^`]*`")

// TestAContainerIsToldTheOptionsThatWorkForIt holds the options to what was
// measured with Docker 20.10 (and podman's, which has the same capabilities):
// each line starts the lab when it is added to what the container was started
// with.
func TestAContainerIsToldTheOptionsThatWorkForIt(t *testing.T) {
	const spaces = "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined`"
	const spacesDropped = "`--security-opt seccomp=unconfined --security-opt systempaths=unconfined --cap-add SETFCAP`"
	const unmask, unmaskDropped = "`--security-opt unmask=ALL`", "`--security-opt unmask=ALL --cap-add SETFCAP`"
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, ".dockerenv"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	dropped := slices.DeleteFunc(slices.Clone(usual), func(bit uint) bool { return bit == unix.CAP_NET_RAW })
	for _, test := range []struct {
		name   string
		by     lab.Asker
		failed error
		want   []string
	}{
		{"root", dockersRoot, lab.Unborn(unix.EPERM), []string{spaces, "`--cap-add NET_ADMIN --cap-add SYS_ADMIN`", unmask}},
		{"SYS_ADMIN was added", lab.AskerWith(true, false, append(usual, unix.CAP_SYS_ADMIN)...), lab.Unfurnished(unix.EROFS), []string{spaces, "`--cap-add NET_ADMIN`", unmask}},
		{"NET_RAW was dropped", lab.AskerWith(true, false, dropped...), lab.Unborn(unix.EPERM), []string{spaces, "`--cap-add NET_ADMIN --cap-add SYS_ADMIN --cap-add NET_RAW`", unmask}},
		{"all were dropped", lab.AskerWith(true, false), lab.Unborn(unix.EPERM),
			[]string{spacesDropped, "`--cap-add NET_ADMIN --cap-add SYS_ADMIN --cap-add NET_RAW --cap-add NET_BIND_SERVICE --cap-add SETPCAP`", unmaskDropped}},
		{"root by userns-remap", lab.AskerWith(true, true, usual...), lab.Unborn(unix.EPERM), []string{spaces, unmask}},
		{"another user", lab.AskerWith(false, false), lab.Unborn(unix.EPERM), []string{spaces, unmask}},
		{"another user, who can write no settings", lab.AskerWith(false, false), lab.Unfurnished(unix.EROFS), []string{spaces, unmask}},
	} {
		if got := quoted.FindAllString(lab.Explain(root, test.failed, test.by).Error(), -1); !slices.Equal(got, test.want) {
			t.Errorf("%s: it is told %q, want %q", test.name, got, test.want)
		}
	}
}
