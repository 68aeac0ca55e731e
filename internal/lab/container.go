package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nstutor/internal/say"

	"golang.org/x/sys/unix"
)

// marks are the files by which a container tells that it is one: Docker's, and
// podman's.
var marks = []string{".dockerenv", "run/.containerenv"}

// contained says whether the file system at root is a container's. What forbids
// namespaces there is the container, and no setting can be changed from within.
func contained(root string) bool {
	return slices.ContainsFunc(marks, func(mark string) bool {
		_, err := os.Stat(filepath.Join(root, mark))
		return err == nil
	})
}

// capability is one of root's powers, by the name that Docker and podman know.
type capability struct {
	name string
	bit  uint
}

// rootNeeds are the capabilities that a lab without a user namespace cannot do
// without. A container's root has them by itself but the first two, unless the
// container was started with --cap-drop.
var rootNeeds = []capability{
	{"NET_ADMIN", unix.CAP_NET_ADMIN}, {"SYS_ADMIN", unix.CAP_SYS_ADMIN}, {"NET_RAW", unix.CAP_NET_RAW},
	{"NET_BIND_SERVICE", unix.CAP_NET_BIND_SERVICE}, {"SETPCAP", unix.CAP_SETPCAP},
}

// mapsRoot is what user 0 needs so that it may be user 0 in a user namespace
// too (verify_root_map in kernel/user_namespace.c, since Linux 5.12).
var mapsRoot = []capability{{"SETFCAP", unix.CAP_SETFCAP}}

// asker is who asks for a lab: what its container must be started with depends
// on that.
type asker struct {
	root     bool   // it is user 0
	remapped bool   // no user of the machine's own: what is locked there stays so
	powers   uint64 // its capabilities, a bit each
}

// askedBy is this process as an asker.
func askedBy() (asker, error) {
	a := asker{root: os.Geteuid() == 0}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return a, err
	}
	a.powers = uint64(data[1].Effective)<<32 | uint64(data[0].Effective)
	users, err := os.ReadFile("/proc/self/uid_map")
	a.remapped = err == nil && !slices.Equal(strings.Fields(string(users)), []string{"0", "0", "4294967295"})
	return a, nil
}

// lacking are those of the capabilities that a does not have.
func (a asker) lacking(needed []capability) []capability {
	return slices.DeleteFunc(slices.Clone(needed), func(c capability) bool { return a.powers&(1<<c.bit) != 0 })
}

// options are Docker's and podman's to add capabilities.
func options(added []capability) string {
	var b strings.Builder
	for _, c := range added {
		b.WriteString(" --cap-add " + c.name)
	}
	return b.String()
}

// container is what a container on the machine at root must be started with
// besides what a's was: AppArmor's profile for containers, where the machine has
// it, lets nothing in them be mounted. With users it is to let a have a user namespace.
//
// Capabilities alone help root only: another user's programs do not get them.
// Nor do they help where Docker gives root another user's number
// (userns-remap), for there what it made read-only is locked.
func (a asker) container(root string, users bool) say.Text {
	var asRoot []capability
	if a.root {
		asRoot = a.lacking(mapsRoot)
	}
	advice := say.T("in a Docker container, run it with `--security-opt seccomp=unconfined --security-opt systempaths=unconfined%s`",
		"在 Docker 容器中，请用 `--security-opt seccomp=unconfined --security-opt systempaths=unconfined%s` 启动容器", options(asRoot))
	if lacking := a.lacking(rootNeeds); a.root && !a.remapped && !users && len(lacking) > 0 {
		advice = say.T("%s, or with `%s`", "%s，或者用 `%s`", advice, strings.TrimSpace(options(lacking)))
	}
	advice = say.T("%s; with podman, `--security-opt unmask=ALL%s` is enough",
		"%s；podman 只需 `--security-opt unmask=ALL%s`", advice, options(asRoot))
	enabled, _ := os.ReadFile(filepath.Join(root, "sys/module/apparmor/parameters/enabled"))
	if strings.TrimSpace(string(enabled)) == "Y" {
		return say.T("%s; this machine has AppArmor, so add `--security-opt apparmor=unconfined`",
			"%s；本机启用了 AppArmor，还要加上 `--security-opt apparmor=unconfined`", advice)
	}
	return advice
}
